"""Losses and gradients that are no numbers: named with their utterances, and never let into the weights."""

from __future__ import annotations

import logging
from itertools import chain
from typing import Any, Literal

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.optim import Optimizer

from mser.data.batch import Batch
from mser.distributed import gathered
from mser.errors import UserError

log = logging.getLogger(__name__)


class NonFinite(Callback):
    """Looks at the loss of each batch and at the gradient of each update, before the weights change.

    With 16-mixed, gradients that overflow are how the loss scale is found; they are left to it until the scale has
    fallen below 1, where overflow is no longer the scale's doing.

    Args:
        action: ``stop`` ends the fit in one line that names the utterances; ``skip`` says the same as a warning and
            leaves the update out.
    """

    def __init__(self, action: Literal["stop", "skip"] = "stop") -> None:
        self.action = action
        self._loss: list[str] = []
        self._update: list[str] = []
        self._batch: list[str] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int) -> None:
        """Note who is in the batch."""
        utterances = trainer.datamodule.datasets["train"].utterances  # type: ignore[attr-defined]
        self._batch = [utterances[index].id for index in batch.index.tolist()]
        self._update += self._batch

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: Tensor) -> None:
        """Note a batch whose loss is no number."""
        if not loss.isfinite():
            self._loss += self._batch

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Stop or skip, all processes together."""
        loss, update, self._loss, self._update = self._loss, self._update, [], []
        scaler: Any = getattr(trainer.precision_plugin, "scaler", None)
        wrong = bool(loss) or not ((scaler is not None and scaler.get_scale() >= 1) or _is_finite(optimizer))
        if not trainer.strategy.reduce_boolean_decision(wrong, all=False):
            return
        optimizer.zero_grad()  # an optimizer passes over what has no gradient
        message = _message(list(chain(*gathered(loss))), list(chain(*gathered(update))), trainer)
        if self.action == "stop":
            raise UserError(
                f"{message}; listen to them, lower the learning rate, or leave such updates out with "
                "non_finite.action: skip"
            )
        if trainer.is_global_zero:
            log.warning("%s; the update is left out", message)


def _is_finite(optimizer: Optimizer) -> bool:
    gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    return bool(torch.nn.utils.get_total_norm(gradients).isfinite())


def _message(loss: list[str], update: list[str], trainer: Trainer) -> str:
    what, utterances = ("loss", loss) if loss else ("gradient", update)
    return (
        f"the {what} is not finite in epoch {trainer.current_epoch}, update {trainer.global_step}, "
        f"of the utterances {', '.join(utterances)}"
    )
