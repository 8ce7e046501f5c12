"""The random generators of every process, carried through a checkpoint: a resumed fit draws as if never stopped."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from mser.distributed import gathered

log = logging.getLogger(__name__)


class RandomState(Callback):
    """Saves the state of torch's and numpy's generators, on the CPU and the GPU, and restores it before training."""

    def __init__(self) -> None:
        self._restored: list[dict[str, Any]] = []

    def state_dict(self) -> dict[str, Any]:
        """Return the states of all processes, in the order of their ranks; every process must ask."""
        return {"processes": gathered(_state())}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remember the states; setting up the fit still draws from the generators."""
        self._restored = state_dict["processes"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Set the generators as they were."""
        if len(self._restored) == trainer.world_size:
            _set(self._restored[trainer.global_rank])
        elif self._restored:
            log.warning(
                "the checkpoint is of %d processes, this fit has %d: it goes on, but not with the same random numbers",
                len(self._restored), trainer.world_size,
            )  # fmt: skip
        self._restored = []


def _state() -> dict[str, Any]:
    # As tensors and plain numbers, so that a checkpoint can be read without unpickling anything else.
    numpy = np.random.get_state(legacy=False)
    return {
        "cpu": torch.get_rng_state(),
        "gpu": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
        "numpy": {**numpy, "state": {**numpy["state"], "key": torch.from_numpy(numpy["state"]["key"].astype("int64"))}},
    }


def _set(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if state["gpu"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["gpu"])
    inner = state["numpy"]["state"]
    np.random.set_state({**state["numpy"], "state": {**inner, "key": inner["key"].numpy().astype("uint32")}})
