"""Two checkpoints, always in the run's own folder: the best weights, and the last state to resume from."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any, Literal, cast

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import Tensor

from mser.errors import UserError, one_of, require_interface
from mser.runs.folder import BEST, CHECKPOINTS, LAST
from mser.tasks import score_names


class BestCheckpoint(ModelCheckpoint):
    """Keeps the weights of the epoch that scored best on the validation part.

    Args:
        monitor: which score chooses.
        mode: whether the largest (``max``) or the smallest (``min``) is best.
        latest: of epochs that score alike keep the latest, not the first: a head on frozen encoders soon has all of a
            small validation part right, and is not done then. When null so where ``learning.least_updates`` is chosen.
    """

    def __init__(
        self, monitor: str = "val/ua", mode: Literal["max", "min"] = "max", latest: bool | None = None
    ) -> None:
        # A new best replaces the old one under the same name, so that no later step can pick up a stale file.
        super().__init__(
            filename=Path(BEST).stem, monitor=monitor, mode=mode, save_weights_only=True, enable_version_counter=False
        )

        self.latest = bool(latest)

    def check_monitor_top_k(self, trainer: Trainer, current: Tensor | None = None) -> bool:
        """Return whether an epoch's score is the best, or as good as the best where the latest is kept."""
        alike = self.latest and current is not None and self.best_model_score is not None
        if alike and bool(cast(Tensor, current) == self.best_model_score):
            return True  # a score is the same in all processes
        return super().check_monitor_top_k(trainer, current)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Put the file under the run's folder, whatever logger there is.

        Raises:
            UserError: if nothing of that name is measured, which would otherwise show after the first epoch.
        """
        if stage == "fit":
            task = trainer.datamodule.label_set  # type: ignore[attr-defined]
            logged = [*("val/loss", "train/loss"), *(f"val/{name}" for name in score_names(task))]
            if self.monitor not in logged:
                raise one_of("checkpoint.monitor", self.monitor, logged)
        self.dirpath = str(Path(trainer.default_root_dir) / CHECKPOINTS)
        super().setup(trainer, pl_module, stage)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Accept a fit that is validated at least once.

        Raises:
            UserError: if there would be nothing to choose by.
        """
        if not trainer.enable_validation:
            raise UserError(
                "trainer.limit_val_batches is 0, but validation chooses the epoch that is kept; leave it out"
            )
        updates = (trainer.val_check_batch or math.inf) // trainer.accumulate_grad_batches
        if 0 < trainer.max_steps < updates < math.inf:  # infinite where time decides
            raise UserError(
                f"trainer.max_steps is {trainer.max_steps}, but the first validation, which chooses what stays, is "
                f"after {updates:g} updates; give more, or a smaller trainer.val_check_interval"
            )
        super().on_train_start(trainer, pl_module)


class LastCheckpoint(ModelCheckpoint):
    """Keeps everything that resuming needs (``--ckpt_path last``).

    It is renewed after each epoch, within an epoch from time to time, and when the fit is asked to end (SIGTERM, which
    SLURM sends before it kills).

    Args:
        minutes: longest time between two of them.
    """

    def __init__(self, minutes: float = 10.0) -> None:
        require_interface(ModelCheckpoint, "_save_checkpoint", "it is known when the last state was written")
        name = Path(LAST).stem
        super().__init__(filename=name, save_top_k=1, enable_version_counter=False, save_on_train_epoch_end=True)
        self.minutes = minutes
        self._renewed = time.monotonic()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Put the file under the run's folder, whatever logger there is."""
        self.dirpath = str(Path(trainer.default_root_dir) / CHECKPOINTS)
        super().setup(trainer, pl_module, stage)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Renew it if it is due."""
        if trainer.strategy.broadcast(time.monotonic() - self._renewed >= 60 * self.minutes):
            self._renew_within_epoch(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Renew it if the fit was asked to end; what any other exception leaves behind is not to be trusted."""
        if isinstance(exception, SIGTERMException) and trainer.state.fn == "fit":
            self._renew_within_epoch(trainer)

    def _save_checkpoint(self, trainer: Trainer, filepath: str) -> None:
        self._renewed = time.monotonic()
        super()._save_checkpoint(trainer, filepath)

    def _renew_within_epoch(self, trainer: Trainer) -> None:
        """Renew it between two updates: gradients that wait for one would be lost. The epoch's end has its own turn."""
        batches: Any = trainer.fit_loop.epoch_loop.batch_progress
        if not batches.is_last_batch and batches.current.processed % trainer.accumulate_grad_batches == 0:
            self._save_none_monitor_checkpoint(trainer, self._monitor_candidates(trainer))
