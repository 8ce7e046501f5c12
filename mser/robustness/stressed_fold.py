"""One finished fold, its best model asked again under each condition; what is there already is left alone."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from mser.callbacks.predictions import rows, text
from mser.data.module import CorpusDataModule
from mser.errors import UserError
from mser.everyday.bare_words import unpunctuated
from mser.files.whole import write_text
from mser.fitting.resuming import read_checkpoint, require_own
from mser.recognizer import EmotionRecognizer
from mser.robustness.conditions import Condition
from mser.robustness.garbled_transcripts import errors
from mser.robustness.harder_dataset import Harder, OtherWords
from mser.runs.fold_predictions import Part
from mser.runs.folder import BEST, CONDITION, PREDICTIONS, condition_folder, fold_name, fold_options, model_digest
from mser.runs.test_log import record
from mser.training import command_line


def ask_again(
    run: Path,
    job: tuple[int, int],
    part: Part,
    conditions: Sequence[Condition],
    *,
    words: OtherWords,
    options: Sequence[str] = (),
) -> None:
    """Write a fold's predictions under each condition that has none yet.

    A test part that is opened is counted, once for all conditions.

    Args:
        run: the run's folder.
        job: seed and fold.
        part: which part to ask about.
        conditions: the conditions.
        words: where other words come from.
        options: further options of `mser fit`, such as another accelerator.

    Raises:
        UserError: if the fold's model is gone or does not fit the run's configuration.
    """
    seed, fold = job
    home = run / fold_name(seed, fold)
    model = model_digest(home)
    todo = [
        condition
        for condition in conditions
        if not finished(condition_folder(run, part, condition.folder, seed, fold), condition, model)
    ]
    if not todo:
        return
    trainer, recognizer, data = _model(run, home, job, options)
    if part == "test":
        record(home, fold=fold, seed=seed, checkpoint=str(home / BEST))
    ask = trainer.test if part == "test" else trainer.validate
    for condition in todo:
        cast(Any, trainer).callbacks = [
            _Ask(condition, part, condition_folder(run, part, condition.folder, seed, fold), model, words)
        ]
        ask(recognizer, data, verbose=False)


def finished(folder: Path, condition: Condition, model: str) -> bool:
    """Return whether a folder holds what this very model said under this very condition."""
    try:
        facts = json.loads((folder / CONDITION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(facts.get("condition") == condition.facts() and facts.get("model") == model)


class _Ask(Callback):
    """Makes one part harder and writes what is said of it; the facts come last, and without them it is not finished."""

    def __init__(self, condition: Condition, part: Part, folder: Path, model: str, words: OtherWords) -> None:
        self.condition, self.part, self.folder = condition, part, folder
        self.model, self.words = model, words
        self.facts: dict[str, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Put the harder utterances in the place of the others, before any loader is made of them."""
        datasets = cast(CorpusDataModule, trainer.datamodule).datasets  # type: ignore[attr-defined]
        original = datasets[self.part]
        harder = datasets[self.part] = Harder(original, self.condition, self.words)
        self.facts = {"condition": self.condition.facts(), "model": self.model}
        if self.condition.kind in ("wer", "asr"):
            bare = unpunctuated if self.condition.kind == "asr" else str  # recognisers set marks as they like
            sides = ([bare(utterance.transcript) for utterance in data.utterances] for data in (original, harder))
            self.facts["errors"] = errors(*sides)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write what was said."""
        data = cast(CorpusDataModule, trainer.datamodule)  # type: ignore[attr-defined]
        (self.folder / CONDITION).unlink(missing_ok=True)
        write_text(self.folder / PREDICTIONS, text(rows(cast(EmotionRecognizer, pl_module), data, self.part)))
        write_text(self.folder / CONDITION, json.dumps(self.facts))

    on_test_end = on_validation_end


def _model(
    run: Path, home: Path, job: tuple[int, int], options: Sequence[str]
) -> tuple[Trainer, EmotionRecognizer, CorpusDataModule]:
    seed, fold = job
    best = home / BEST
    if not best.is_file():
        raise UserError(f"{best} is gone, and its model with it; delete {home} and run `mser crossval` again")
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)  # it tells the seed each time
    cli = command_line([*fold_options(run, seed, fold), "--trainer.devices=1", *options], run=False)
    require_own(best, cli.model, cli.datamodule)
    saved = read_checkpoint(best)
    cli.model.load_state_dict(saved["state_dict"])
    cli.model.on_load_checkpoint(saved)
    logging.getLogger("mser").setLevel(logging.WARNING)  # the same loader again and again
    return cli.trainer, cli.model, cli.datamodule
