"""Counts how often a test part is opened."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from mser.data.module import CorpusDataModule
from mser.runs.test_log import record


class CountTests(Callback):
    """Notes every test of a fold before its predictions are written, whoever asked for it."""

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add a line to ``tested.jsonl``."""
        if trainer.is_global_zero:
            data = cast(CorpusDataModule, trainer.datamodule)  # type: ignore[attr-defined]
            folder = Path(trainer.default_root_dir)
            record(folder, fold=data.fold, seed=data.seed, checkpoint=str(trainer.ckpt_path))
