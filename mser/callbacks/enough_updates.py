"""Small corpora need more epochs: learning is counted in updates."""

from __future__ import annotations

import logging
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback

from mser.errors import require, require_interface

log = logging.getLogger(__name__)


class EnoughUpdates(Callback):
    """Gives a fit more epochs until it has so many updates, before which early stopping does not end it.

    Args:
        least_updates: how many there are at least. When null, 500 where every encoder is frozen and nothing else says
            how long the fit is, or else none.
    """

    def __init__(self, least_updates: int | None = None) -> None:
        fits = least_updates is None or least_updates >= 0
        require("learning.least_updates", least_updates, fits, "0 or more, or null")
        self.least_updates = least_updates or 0

    def planned(self, trainer: Trainer) -> int:
        """Return how many updates the fit has, now that it is as long as it has to be; the rates fall over these."""
        updates, loop = int(trainer.estimated_stepping_batches), trainer.fit_loop
        if not 0 < self.least_updates or trainer.max_steps != -1 or not trainer.max_epochs or trainer.max_epochs < 1:
            return updates
        for name in ("max_epochs", "epoch_loop"):
            require_interface(loop, name, "a fit gets more epochs")
        loop.epoch_loop.min_steps = max(self.least_updates, loop.epoch_loop.min_steps or 0)
        if updates >= self.least_updates:
            return updates
        each = updates / trainer.max_epochs
        loop.max_epochs = -int(-self.least_updates // each)
        if trainer.is_global_zero:
            log.info(
                "%d epochs instead of %d, as each has %.3g updates and a head on frozen encoders wants %d: "
                "learning.least_updates", loop.max_epochs, round(updates / each), each, self.least_updates,
            )  # fmt: skip
        return int(trainer.estimated_stepping_batches)


def planned_updates(trainer: Trainer) -> int:
    """Return how many updates a fit has, after `EnoughUpdates` had its say."""
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    enough = next((callback for callback in callbacks if isinstance(callback, EnoughUpdates)), EnoughUpdates())
    return enough.planned(trainer)
