"""Two checkpoints, always in the run's own folder: the best weights, and the last state to resume from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

FOLDER = "checkpoints"
BEST = "best"


class BestCheckpoint(ModelCheckpoint):
    """Keeps the weights of the epoch that scored best on the validation part.

    Args:
        monitor: which score chooses.
        mode: whether the largest (``max``) or the smallest (``min``) is best.
    """

    def __init__(self, monitor: str = "val/ua", mode: Literal["max", "min"] = "max") -> None:
        # A new best replaces the old one under the same name, so that no later step can pick up a stale file.
        super().__init__(
            filename=BEST, monitor=monitor, mode=mode, save_weights_only=True, enable_version_counter=False
        )

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Put the file under the run's folder, whatever logger there is."""
        self.dirpath = str(Path(trainer.default_root_dir) / FOLDER)
        super().setup(trainer, pl_module, stage)


class LastCheckpoint(ModelCheckpoint):
    """Keeps everything that resuming needs (``--ckpt_path last``), renewed after each epoch."""

    def __init__(self) -> None:
        super().__init__(filename="last", save_top_k=1, enable_version_counter=False, save_on_train_epoch_end=True)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Put the file under the run's folder, whatever logger there is."""
        self.dirpath = str(Path(trainer.default_root_dir) / FOLDER)
        super().setup(trainer, pl_module, stage)
