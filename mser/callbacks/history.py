"""The learning curve of a fit: one row per epoch in ``history.csv``."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from mser.files.whole import write_text
from mser.runs.folder import HISTORY

log = logging.getLogger(__name__)


class History(Callback):
    """Writes losses, validation scores and learning rates after each epoch.

    The rows travel with the checkpoint: a resumed fit continues the curve that it was interrupted in.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add the epoch's row, write the file anew, and say what is watched."""
        rates = {f"lr/{group['name']}": group["lr"] for group in trainer.optimizers[0].param_groups}
        scores = {name: value.item() for name, value in sorted(trainer.callback_metrics.items())}
        self.rows.append({"epoch": trainer.current_epoch, "step": trainer.global_step, **rates, **scores})
        if trainer.is_global_zero:
            watched = dict.fromkeys(("train/loss", "val/loss", getattr(trainer.checkpoint_callback, "monitor", None)))
            log.info(
                "epoch %d: %s", trainer.current_epoch, ", ".join(f"{n} {scores[n]:.3f}" for n in watched if n in scores)
            )
            self._write(Path(trainer.default_root_dir) / HISTORY)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the rows of the interrupted fit."""
        self.rows = list(state_dict["rows"])

    def _write(self, path: Path) -> None:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(path, text.getvalue())
