"""Too little memory: which utterances it was too little for, and what would fit."""

from __future__ import annotations

import math
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from mser.data.audio import SAMPLE_RATE
from mser.data.batch import Batch
from mser.errors import UserError, is_out_of_memory
from mser.manifest import Seconds, Utterance


class OutOfMemory(Callback):
    """Turns what torch and numpy say when memory is exhausted into one line."""

    def __init__(self) -> None:
        self._batch: tuple[list[Utterance], Seconds] | None = None
        self._fitted: Seconds = 0.0

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int) -> None:
        """Note what is being worked on."""
        self._begin(trainer, "train", batch)

    def on_validation_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Note what is being worked on."""
        self._begin(trainer, "val", batch)

    def on_test_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Note what is being worked on."""
        self._begin(trainer, "test", batch)

    def on_predict_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Note what is being worked on."""
        self._begin(trainer, "predict", batch)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        """Note what fits: the most seconds of padded audio that an update went through with."""
        if self._batch:
            self._fitted = max(self._fitted, self._batch[1])

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Say it in one line, in place of what was raised."""
        if self._batch and is_out_of_memory(exception):
            where = trainer.strategy.root_device
            raise UserError(_message(*self._batch, fitted=self._fitted, where=str(where))) from exception

    def _begin(self, trainer: Trainer, part: str, batch: Batch) -> None:
        utterances = trainer.datamodule.datasets[part].utterances  # type: ignore[attr-defined]
        padded = len(batch) * int(batch.lengths.max()) / SAMPLE_RATE
        self._batch = [utterances[index] for index in batch.index.tolist()], padded


def _message(utterances: list[Utterance], padded: Seconds, *, fitted: Seconds, where: str) -> str:
    longest = max(utterances, key=lambda one: one.duration)
    others = f" and {len(utterances) - 1} others" if len(utterances) > 1 else ""
    went = f"; batches of up to {fitted:.1f} s went through" if fitted else ""
    room = fitted if 0 < fitted < padded else padded / 2
    less = f"data.init_args.max_seconds to {_up(room)}"
    if len(utterances) > 1:  # a batch holds at least its longest utterance
        less = f"data.init_args.batch_seconds to {_up(max(room, longest.duration))}"
    return (
        f"not enough memory on {where} for {padded:.1f} s of padded audio in one batch: {longest.id} of "
        f"{longest.duration:.1f} s{others}{went}; set {less}, or compute layers again in the backward pass "
        "(model.speech.checkpointing, model.text.checkpointing)"
    )


def _up(seconds: Seconds) -> float:
    return math.ceil(10 * seconds) / 10
