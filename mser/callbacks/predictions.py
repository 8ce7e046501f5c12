"""What the model says of every utterance, in ``predictions.csv``: the seam to everything that is reported."""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from mser.data.module import CorpusDataModule, Part
from mser.errors import UserError
from mser.files.json_fields import read_object
from mser.files.whole import write_text
from mser.recognizer import EmotionRecognizer
from mser.runs.folder import METRICS, PREDICTIONS
from mser.tasks import columns

log = logging.getLogger(__name__)


class WritePredictions(Callback):
    """Writes one row per utterance after validate, test or predict, next to the rows of other parts.

    Of data that the model was not fitted on (another corpus, or another fold) they go into a folder of their own, such
    as ``on/meld/official/fold1``, with their scores in `METRICS`; the run's own stay as they are.
    """

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
        data: CorpusDataModule = trainer.datamodule  # type: ignore[attr-defined]
        table = rows(model, data, part)  # every process must take part
        if not trainer.is_global_zero:
            return
        folder = Path(trainer.default_root_dir)
        if place := elsewhere(model.trained_on, data.facts()):
            folder /= place
            _write_scores(folder / METRICS, trainer, part, {"trained_on": model.trained_on, "data": data.facts()})
        path = folder / PREDICTIONS
        write_text(path, text([row for row in _read(path) if row["split"] != part] + table))
        if place:
            same_corpus = model.trained_on is not None and model.trained_on["corpus"] == data.corpus.name
            warning = ", and the model may have been trained on some of it" if same_corpus else ""
            log.info("another split than that of the fit%s: written to %s", warning, folder)


def elsewhere(trained_on: Mapping[str, Any] | None, data: Mapping[str, Any]) -> Path | None:
    """Return where below a run's folder belongs what its model says of other data; None for its own data.

    Args:
        trained_on: the facts of the data that the model was fitted on; None where a checkpoint does not tell.
        data: those of the data at hand.

    Example:
        >>> own = {"corpus": "iemocap", "protocol": "iemocap/loso5", "fold": 2, "split": "cb52bacb8521c108"}
        >>> print(elsewhere(own, own), elsewhere(own, own | {"fold": 3, "split": "0a"}))
        None on/iemocap/loso5/fold3
        >>> print(elsewhere(own, {"corpus": "meld", "protocol": "meld/official", "fold": 1, "split": None}))
        on/meld
    """
    if trained_on is None or (trained_on["corpus"] == data["corpus"] and data["split"] in (None, trained_on["split"])):
        return None
    if data["split"] is None:
        return Path("on", data["corpus"])
    return Path("on", data["protocol"], f"fold{data['fold']}")


def _write_scores(path: Path, trainer: Trainer, part: Part, facts: dict[str, Any]) -> None:
    """Write a part's scores beside those of another part of the same data."""
    before = read_object(path, "delete it, and run the same command again") if path.exists() else {}
    scores = {
        name.removeprefix(f"{part}/"): value.item()
        for name, value in trainer.callback_metrics.items()
        if name.startswith(f"{part}/")
    }
    facts["checkpoint"] = str(trainer.ckpt_path)
    write_text(path, json.dumps(before | facts | {part: scores}, indent=1))


def rows(model: EmotionRecognizer, data: CorpusDataModule, part: Part) -> list[dict[str, Any]]:
    """Return what the model has just said of a part, as rows of `PREDICTIONS`; every process must ask."""
    outputs = model.collected_outputs(part)
    dataset = data.datasets[part]
    table = []
    for index, target, answer in zip(*(outputs[name].tolist() for name in ("index", "target", "answers")), strict=True):
        utterance = dataset.utterances[index]
        table.append(
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
    return table


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            table = list(csv.DictReader(file))
        if any("split" not in row for row in table):
            raise ValueError("no column split")
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} is damaged ({str(error)[:200]}); delete it, and run the same command again") from error
    return table


def text(table: list[dict[str, Any]]) -> str:
    """Return the rows of `PREDICTIONS` below its header."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return file.getvalue()
