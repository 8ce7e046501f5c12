"""What the model says of every utterance, in ``predictions.csv``: the seam to everything that is reported."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, cast

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from mser.answers import columns
from mser.data.module import CorpusDataModule, Part
from mser.manifest import write_text
from mser.recognizer import EmotionRecognizer

FILE = "predictions.csv"


class WritePredictions(Callback):
    """Writes one row per utterance after validate, test or predict, next to the rows of other parts."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the validation part, but not in the midst of a fit."""
        if trainer.state.fn == "validate":
            self._write(trainer, pl_module, "val")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the test part."""
        self._write(trainer, pl_module, "test")

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write whatever was predicted."""
        self._write(trainer, pl_module, "predict")

    def _write(self, trainer: Trainer, pl_module: LightningModule, part: Part) -> None:
        model = cast(EmotionRecognizer, pl_module)
        rows = _rows(model, trainer.datamodule, part)  # type: ignore[attr-defined]  # every process must take part
        if trainer.is_global_zero:
            path = Path(trainer.default_root_dir) / FILE
            write_text(path, _text([row for row in _read(path) if row["split"] != part] + rows))


def _rows(model: EmotionRecognizer, data: CorpusDataModule, part: Part) -> list[dict[str, Any]]:
    said = model.collected.compute()
    dataset = data.datasets[part]
    rows = []
    for index, target, answer in zip(*(said[name].tolist() for name in ("index", "target", "answers")), strict=True):
        utterance = dataset.utterances[index]
        rows.append(
            {
                "utterance": utterance.id,
                "speaker": utterance.speaker,
                "group": utterance.group,
                "fold": data.fold,
                "seed": data.seed,
                "split": part,
                **columns(dataset.task, target, answer),
            }
        )
    return rows


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _text(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
