"""Reads a run folder: the protocol, what was planned, and the predictions of every finished fold and seed."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any, TypedDict, TypeVar, cast

from mser.errors import UserError
from mser.files.json_fields import Amount, Whole, fit, read_object
from mser.labels import Kind
from mser.manifest import Manifest, Utterance
from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Part, Predictions, read_predictions
from mser.runs.folder import HISTORY, MANIFEST, METRICS, PREDICTIONS, PROTOCOL, PROVENANCE, fold_folders
from mser.runs.run_config import objective_of, read_config
from mser.runs.test_log import counts
from mser.splits.protocols import Fold, digest

T = TypeVar("T")
OBJECTIVES = {
    "CrossEntropy": ("labels",),
    "OneVsRest": ("labels", "multi_label"),
    "Distribution": ("labels", "multi_label"),
    "Regression": ("scores",),
}
"""Which kinds of task ours fit; of others ``protocol.json`` says what is needed, as it does of all newer runs."""


@dataclass(frozen=True)
class Plan:
    """A run's ``protocol.json``: which utterances are trained on, validated on and tested in each fold.

    Attributes:
        corpus: its name.
        protocol: its name, such as ``iemocap/loso5``.
        description: one sentence for a reader.
        digest: of all folds' ids; the same digest means the same question was asked.
        task: whether one label is asked for, several or numbers.
        exclusive: whether the probabilities of an utterance sum to 1.
        label_set: its name, such as ``iemocap4``.
        labels: the classes, in the order of probabilities, or the names of the scores.
        folds: in the order of their numbers.
        audit: what train, validation and test share.
        content: digest of the utterances' labels, times and transcripts; None in runs of before there was one.
        made_up: nobody has spoken the recordings; see `mser.corpora.corpus.MADE_UP`.
        score_range: the least and the greatest score; None for labels, and where an older run does not say.
        terms: of the corpus, see `mser.corpora.corpus.Corpus.terms`; empty where an older run does not say.
    """

    corpus: str
    protocol: str
    description: str
    digest: str
    task: Kind
    exclusive: bool
    label_set: str
    labels: tuple[str, ...]
    folds: tuple[Fold, ...]
    audit: Mapping[str, Any]
    content: str | None = None
    made_up: bool = False
    score_range: tuple[float, float] | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One finished fold with one seed.

    Attributes:
        predictions: of the part that the run is judged on.
        chosen_on: those of validation; None where they are judged themselves, or were not kept.
        history: column of ``history.csv`` to its values, one per epoch; empty if there is none.
        facts: ``metrics.json``, of which only costs and epochs are used: scores are computed from the predictions.
    """

    seed: int
    fold: Fold
    predictions: Predictions
    chosen_on: Predictions | None
    history: Mapping[str, list[float | None]]
    facts: JobFacts


@dataclass(frozen=True)
class Run:
    """Everything that a report says of a run comes from here.

    Attributes:
        folder: where it lies.
        name: what its author called it.
        config: the resolved options it was started with.
        facts: ``run.json``: command, commit, versions, hardware.
        plan: its protocol.
        part: ``test``, or ``val`` for a run that left the test parts locked.
        utterances: by id, with transcript, gender and style; empty for a run without a ``manifest.jsonl``.
        tested: how often each seed and fold was tested; None for a run that did not keep count.
        seeds: planned or present.
        jobs: the finished ones, by seed and fold.
        missing: the seed and the fold's number of each job without a result; a run with any is partial.
        made_of: the trained runs behind a late fusion; empty for a run that was trained itself.
    """

    folder: Path
    name: str
    config: dict[str, Any]
    facts: RunFacts
    plan: Plan
    part: Part
    utterances: Mapping[str, Utterance]
    tested: Mapping[tuple[int, int], int] | None
    seeds: tuple[int, ...]
    jobs: tuple[Job, ...]
    missing: tuple[tuple[int, int], ...]
    made_of: tuple[Run, ...] = ()

    @property
    def objective(self) -> str:
        """The class name of the objective."""
        return str(self.config["model"]["objective"]["class_path"]).rpartition(".")[2]

    @property
    def question(self) -> Question:
        """What is asked of each utterance."""
        return Question(self.plan.task, self.plan.labels, exclusive=self.plan.exclusive)

    def truth(self) -> dict[str, str]:
        """Return the truth of every utterance that was judged.

        Raises:
            UserError: if folds or seeds disagree on one.
        """
        truth: dict[str, str] = {}
        for job in self.jobs:
            for utterance, target in zip(job.predictions.utterances, job.predictions.target.tolist(), strict=True):
                target_in_words = self.question.in_words(target)
                if truth.setdefault(utterance, target_in_words) != target_in_words:
                    where = f"{truth[utterance]} in one fold or seed and {target_in_words} in seed {job.seed}, fold"
                    message = f"{self.folder}: the truth of {utterance} is {where} {job.fold.number}"
                    raise UserError(f"{message}; start the run again")
        return truth


def read_run(folder: Path) -> Run:
    """Return a run as it lies on disk.

    Raises:
        UserError: if the folder is no run, none of its folds is finished, or a file of it cannot be believed.
    """
    if not (folder / PROTOCOL).is_file():
        raise UserError(f"{folder} is no run: it has no {PROTOCOL}; give the --out folder of `mser crossval`")
    config = read_config(folder)
    facts = _as(RunFacts, _read_json(folder / PROVENANCE), folder / PROVENANCE, "restore the file or run again")
    plan = _read_plan(folder, config)
    part: Part = "val" if facts.get("skip_test") else "test"
    folders = {key: path for key, path in _job_folders(folder, plan).items() if (path / METRICS).is_file()}
    seeds = tuple(sorted({*facts.get("seeds", ()), *(seed for seed, _ in folders)}))
    missing = [(seed, fold.number) for seed in seeds for fold in plan.folds if (seed, fold) not in folders]
    if not folders:
        raise UserError(f"no fold of {folder} is finished yet; run the same `mser crossval` again to resume it")
    name = str(facts.get("name") or folder.resolve().name)
    run = Run(
        folder, name, config, facts, plan, part, _read_utterances(folder), counts(folder), seeds, (), tuple(missing)
    )
    ordered = sorted(folders, key=lambda key: (key[0], key[1].number))
    run = replace(run, jobs=tuple(_read_job(run, folders[key], *key) for key in ordered))
    run.truth()
    for job in run.jobs:
        _require_own_speakers(run, job)
    return run


def _require_own_speakers(run: Run, job: Job) -> None:
    """Refuse predictions that name other speakers or groups than the manifest: intervals rest on them."""
    for predictions in filter(None, (job.predictions, job.chosen_on)):
        for name, speaker, group in zip(predictions.utterances, predictions.speakers, predictions.groups, strict=True):
            planned = run.utterances.get(name)
            if planned and (speaker, group) != (planned.speaker, planned.group):
                raise UserError(
                    f"{run.folder}: the predictions of seed {job.seed}, fold {job.fold.number} say speaker "
                    f"{speaker!r} and group {group!r} of {name}, manifest.jsonl {planned.speaker!r} and "
                    f"{planned.group!r}; restore the file that was changed, or run this fold again"
                )


def _read_plan(folder: Path, config: dict[str, Any]) -> Plan:
    path, objective = folder / PROTOCOL, objective_of(config, folder)
    data = _read_json(path)
    if objective not in OBJECTIVES and not {"task", "exclusive"} <= data.keys():
        raise UserError(f"{folder} was trained with the objective {objective}; reports know {', '.join(OBJECTIVES)}")
    of_before = {"task": OBJECTIVES.get(objective, ("",))[0], "exclusive": objective == "CrossEntropy"}
    plan = fit(Plan, of_before | data, path, "start the run again in a new folder")
    if (digest_now := digest(plan.folds)) != plan.digest:
        message = f"{path} was changed: its folds have the digest {digest_now}, it says {plan.digest}"
        raise UserError(f"{message}; start the run again in a new folder")
    if plan.task not in OBJECTIVES.get(objective, tuple(Kind)):
        fits = " or ".join(OBJECTIVES.get(objective, tuple(Kind)))
        raise UserError(f"{path} says that the task is {plan.task}, but {objective} answers {fits}; restore the file")
    return plan


def _as(kind: type[T], found: dict[str, Any], where: Path, advice: str) -> T:
    """Return an object of JSON as the type that it fits, with its numbers as they were written."""
    fit(kind, found, where, advice)
    return cast("T", found)


def _read_json(path: Path) -> dict[str, Any]:
    return read_object(path, "restore the file or run again")


class RunFacts(TypedDict, total=False):
    """``run.json``."""

    name: str
    command: str
    commit: str | None
    started: str
    seeds: list[Whole]
    folds: list[Whole]
    skip_test: bool
    judged: Judged
    searched: object
    procedure: object
    versions: dict[str, str | None]
    hardware: dict[str, str | Amount | list[str] | None]


class Judged(TypedDict):
    """Which model folder was asked, by `mser judge`."""

    model: str
    id: str
    trained_on: list[str]
    corpus: str


class JobFacts(TypedDict, total=False):
    """``metrics.json``, but for the scores."""

    digest: str
    content: str | None
    epochs: Whole | None
    best_epoch: Whole | None
    seconds: Amount | None
    peak_memory_gb: Amount | None
    parameters: dict[str, Whole | dict[str, Whole]] | None


def _job_folders(folder: Path, plan: Plan) -> dict[tuple[int, Fold], Path]:
    folds = {fold.number: fold for fold in plan.folds}
    folders = {}
    for (seed, number), path in fold_folders(folder).items():
        if number not in folds:
            raise UserError(f"{path} is no fold of {plan.protocol}, which has 1 to {len(folds)}; move it elsewhere")
        folders[seed, folds[number]] = path
    return folders


def _read_job(run: Run, folder: Path, seed: int, fold: Fold) -> Job:
    advice = "delete that file and run the fold again"
    facts = _as(JobFacts, _read_json(folder / METRICS), folder / METRICS, advice)
    if facts.get("digest") != run.plan.digest:
        problem = f"{folder} was run under another split (digest {facts.get('digest')}, the run's is {run.plan.digest})"
        raise UserError(f"{problem}; delete that folder and run it again")
    parts: dict[Part, tuple[str, ...]] = (
        {"test": fold.test, "val": fold.val} if run.part == "test" else {"val": fold.val}
    )
    path = folder / PREDICTIONS
    predictions = read_predictions(path, run.question, seed=seed, fold=fold.number, parts=parts)
    chosen_on = predictions.get("val") if run.part == "test" else None
    return Job(seed, fold, predictions[run.part], chosen_on, _read_history(folder / HISTORY), facts)


def _read_history(path: Path) -> dict[str, list[float | None]]:
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return {name: [_number(row[name]) for row in rows] for name in (rows[0] if rows else ())}
    except (OSError, csv.Error, TypeError, ValueError) as error:
        raise UserError(
            f"{path} is no table of numbers ({str(error)[:200]}); delete it or run this fold again"
        ) from error


def _number(cell: str) -> float | None:
    """Return the cell's number; None for an empty cell, NaN or infinity, which no curve can show."""
    value = float(cell or "nan")
    return value if isfinite(value) else None


def _read_utterances(folder: Path) -> dict[str, Utterance]:
    path = folder / MANIFEST
    return {utterance.id: utterance for utterance in Manifest.read(path)} if path.is_file() else {}
