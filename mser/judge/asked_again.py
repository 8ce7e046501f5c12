"""Asks a judged model folder again about the same utterances under harder conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from mser.callbacks.predictions import text
from mser.data.audio import SAMPLE_RATE
from mser.data.batch import UtteranceDataset
from mser.errors import UserError
from mser.everyday.bare_words import unpunctuated
from mser.files.whole import write_text
from mser.judge.judged_run import answer_rows
from mser.judge.label_names import Named
from mser.manifest import Manifest
from mser.report.shortcuts.floors import task_of
from mser.robustness.conditions import Condition
from mser.robustness.garbled_transcripts import errors
from mser.robustness.harder_dataset import Harder, OtherWords
from mser.robustness.stressed_fold import finished
from mser.runs.folder import BEST, CONDITION, MANIFEST, PREDICTIONS, condition_folder, fold_name, model_digest
from mser.runs.run import Job, Run
from mser.runs.test_log import record
from mser.use.clips import Clip
from mser.use.model import Model

_WORDS = ("wer", "asr")


def require_same_model(run: Run, model: Model) -> None:
    """Refuse another model than the one that the run was judged with.

    Raises:
        UserError: for such a one.
    """
    judged = run.facts["judged"]
    if model.settings.id != judged["id"]:
        raise UserError(
            f"{run.folder} was judged with {judged['model']} ({judged['id']}), and --model is {model.settings.id}; "
            "give that folder, or judge this one into a run of its own"
        )


def possible(model: Model, conditions: Sequence[Condition]) -> list[Condition]:
    """Return the conditions that a model can be asked under: without a side only where it does with either."""
    lacking = ("no_text", "no_speech")
    return [one for one in conditions if one.kind not in lacking or model.settings.takes_either]


def ask_judged(run: Run, job: Job, model: Model, conditions: Sequence[Condition], words: OtherWords) -> None:
    """Write what a model folder answers about a fold's test part under each condition that has no answers yet.

    The test part that this opens is counted, once for all conditions.

    Raises:
        UserError: if a recording cannot be used.
    """
    seed, fold = job.seed, job.fold.number
    home = run.folder / fold_name(seed, fold)
    digest = model_digest(home)
    folders = {one: condition_folder(run.folder, "test", one.folder, seed, fold) for one in conditions}
    todo = {one: folder for one, folder in folders.items() if not finished(folder, one, digest)}
    if not todo:
        return
    record(home, fold=fold, seed=seed, checkpoint=str(home / BEST))
    utterances = [run.utterances[name] for name in job.fold.test]
    original = UtteranceDataset(utterances, Manifest.read(run.folder / MANIFEST).root, task_of(run))
    for condition, folder in todo.items():
        harder = Harder(original, condition, words)
        rows = answer_rows(utterances, _answers(run, model, harder), original.task, (seed, fold))
        facts = {"condition": condition.facts(), "model": digest}
        if condition.kind in _WORDS:
            bare = unpunctuated if condition.kind == "asr" else str  # recognisers set marks as they like
            sides = ([bare(one.transcript) for one in data.utterances] for data in (original, harder))
            facts["errors"] = errors(*sides)
        (folder / CONDITION).unlink(missing_ok=True)
        write_text(folder / PREDICTIONS, text(rows))
        write_text(folder / CONDITION, json.dumps(facts))


def _answers(run: Run, model: Model, harder: Harder) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    names = Named(model.task, harder.task, run.config["judged"]["labels"])
    rows = []
    for utterance, prediction in zip(harder.utterances, model.stream(_clips(model, harder)), strict=True):
        if prediction.error:
            raise UserError(f"{utterance.id} cannot be asked about under {harder.condition.folder}: {prediction.error}")
        rows.append(list((prediction.scores or prediction.probabilities).values()))
    return names(np.array(rows), exclusive=model.settings.exclusive)


def _clips(model: Model, harder: Harder) -> Iterator[Clip]:
    kind = harder.condition.kind
    hears = "speech" in model.settings.modalities and kind != "no_speech"
    for index, utterance in enumerate(harder.utterances):
        audio = harder.clip(index).numpy() if hears else None
        transcript = None if kind == "no_text" else utterance.transcript or None
        yield Clip(audio, transcript, sample_rate=SAMPLE_RATE if hears else None, name=utterance.id)
