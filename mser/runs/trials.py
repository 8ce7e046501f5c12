"""The trials of a search: what each scored in validation, which one won, and which one each fold would choose itself.

A trial is the folder of a `mser crossval --skip_test`, be it of `mser sweep` or of an agent of Weights & Biases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, TypeVar

from mser.errors import UserError, one_of
from mser.files.json_fields import fit, read_object
from mser.runs.folder import METRICS, PROTOCOL, PROVENANCE
from mser.runs.run_config import read_config
from mser.runs.run_options import flat
from mser.splits.protocols import Fold

T = TypeVar("T")
Key = tuple[int, int]
"""Seed and fold."""
FACTS = "sweep.json"
"""Where the folder of `mser sweep` keeps what was searched."""
SETTINGS = "settings.json"
"""What a trial of `mser sweep` keeps beside its ``config.yaml``: the options that were chosen for it."""
_ELSEWHERE = (".root", ".num_workers")  # they differ where trials ran on several machines
_AGAIN = "delete that trial and run the search again"
_SEARCH_AGAIN = "run the search again"
_METRIC = re.compile(r"crossval/val_(\w+)_mean")


@dataclass(frozen=True)
class TrialPlan:
    """What a trial's ``protocol.json`` says of the question; see `mser.runs.run.Plan`."""

    corpus: str
    protocol: str
    digest: str
    label_set: str
    labels: Sequence[str]
    folds: tuple[Fold, ...]


@dataclass(frozen=True)
class Trial:
    """One setting, cross-validated.

    Attributes:
        folder: the run's.
        config: all of its options.
        settings: those that a search of ours chose; None where another has made the trial.
        plan: its ``protocol.json``.
        planned: its folds with each seed.
        validation: of the finished ones the scores on their validation parts, by name.
        seconds: what those took.
    """

    folder: Path
    config: Mapping[str, Any]
    settings: Mapping[str, Any] | None
    plan: TrialPlan
    planned: tuple[Key, ...]
    validation: Mapping[Key, Mapping[str, float]]
    seconds: Mapping[Key, float]

    @property
    def name(self) -> str:
        """The folder's."""
        return self.folder.name

    @property
    def whole(self) -> bool:
        """Whether every fold is finished."""
        return set(self.planned) == set(self.validation)

    @property
    def folds(self) -> list[int]:
        """The numbers of its folds."""
        return sorted({fold for _, fold in self.planned})

    def mean(self, score: str) -> float:
        """Return the mean of a validation score over folds and seeds, as `mser crossval` prints it."""
        return fmean(scores[score] for scores in self.validation.values())

    def of_fold(self, score: str, fold: int) -> float:
        """Return the mean over seeds of a score on one fold's validation part."""
        return fmean(scores[score] for (_, number), scores in self.validation.items() if number == fold)


def read_trials(sweep: Path) -> list[Trial]:
    """Return every trial in a sweep's folder, in the order of their names; other folders are left out.

    Raises:
        UserError: if a file of one is damaged.
    """
    folders = [path.parent for path in sorted(sweep.glob("*/run.json"))]
    return [trial for folder in folders if (trial := read_trial(folder)) is not None]


def read_trial(folder: Path) -> Trial | None:
    """Return the trial in a folder; None for a run that was to be tested, or was made from a ``best.yaml``.

    Raises:
        UserError: if a file of it is damaged.
    """
    facts = read_object(folder / PROVENANCE, _AGAIN)
    if not facts.get("skip_test") or facts.get("searched"):
        return None
    jobs = fit(_Jobs, facts, folder / PROVENANCE, _AGAIN)
    planned = tuple((seed, fold) for seed in jobs.seeds for fold in jobs.folds)
    metrics = {key: folder / f"seed{key[0]}/fold{key[1]}/{METRICS}" for key in planned}
    done = {key: _read(_Validated, path) for key, path in metrics.items() if path.is_file()}
    return Trial(
        folder,
        read_config(folder, _AGAIN),
        read_object(folder / SETTINGS, _AGAIN) if (folder / SETTINGS).is_file() else None,
        _read(TrialPlan, folder / PROTOCOL),
        planned,
        {key: record.val for key, record in done.items()},
        {key: record.seconds or 0.0 for key, record in done.items()},
    )


def score_of(metric: str, known: Iterable[str]) -> str:
    """Return which validation score a sweep's metric is the mean of.

    Args:
        metric: such as ``crossval/val_ua_mean``.
        known: the names of the scores that the task has.

    Raises:
        UserError: if it is none of them.

    Example:
        >>> score_of("crossval/val_ua_mean", ["loss", "ua"])
        'ua'
    """
    match = _METRIC.fullmatch(metric)
    if not match or match[1] not in (known := list(known)):
        raise one_of("metric", metric, [f"crossval/val_{name}_mean" for name in known])
    return match[1]


def judged_by(sweep: Path, trial: Trial) -> tuple[str, int]:
    """Return the metric of a sweep, and 1 where more of it is better or else -1.

    Args:
        sweep: its folder; where it has no ``sweep.json``, as after agents of wandb's, its metric is that by which the
            trials chose their epochs.
        trial: one of its trials.

    Raises:
        UserError: if neither says.
    """
    path = sweep / FACTS
    if path.is_file():
        searched = fit(_Searched, read_object(path, _SEARCH_AGAIN), path, _SEARCH_AGAIN)
        return searched.metric, 1 if searched.goal == "maximize" else -1
    try:
        checkpoint = trial.config["checkpoint"]
        return f"crossval/{checkpoint['monitor'].replace('/', '_')}_mean", {"max": 1, "min": -1}[checkpoint["mode"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{sweep} does not say by what it searched ({error}); {_SEARCH_AGAIN}") from error


def ranked(trials: Sequence[Trial], score: str, better: int) -> list[Trial]:
    """Return whole trials, the best by their mean first."""
    return sorted(trials, key=lambda trial: _rank(trial.mean(score), better, trial))


def own_best(trials: Sequence[Trial], score: str, better: int) -> dict[int, Trial]:
    """Return which trial each fold chooses by its own validation part: nothing else has a say in it.

    Args:
        trials: whole ones, of the same folds.
        score: the validation score to choose by.
        better: 1 where more is better, -1 where less is.

    Returns:
        A trial for each fold. Of equally good ones it is the first by name: the mean over folds may not decide, for
        other folds validate on what this one tests.
    """
    return {
        fold: min(trials, key=lambda trial: _rank(trial.of_fold(score, fold), better, trial))
        for fold in trials[0].folds
    }


def _rank(value: float, better: int, trial: Trial) -> tuple[bool, float, str]:
    """Return a key that never changes when others join: what has lost stays lost, whoever else looks at it."""
    return isnan(value), 0.0 if isnan(value) else -better * value, trial.name


def settings_of(trials: Sequence[Trial]) -> dict[str, dict[str, Any]]:
    """Return for each trial's name what was chosen for it, or the options in which the trials differ, if none says."""
    chosen_settings = {trial.name: dict(trial.settings) for trial in trials if trial.settings is not None}
    if len(chosen_settings) == len(trials):
        return chosen_settings
    options = {trial.name: flat(trial.config) for trial in trials}
    names = sorted({name for settings in options.values() for name in settings if not name.endswith(_ELSEWHERE)})
    different = [name for name in names if len({repr(settings.get(name)) for settings in options.values()}) > 1]
    return {trial: {name: settings.get(name) for name in different} for trial, settings in options.items()}


def require_alike(trials: Sequence[Trial]) -> None:
    """Accept trials that were asked the same question, so that the folds of one may stand beside those of another.

    Raises:
        UserError: otherwise.
    """
    first, *others = trials
    for other in others:
        for name in ("protocol", "digest", "label_set", "labels"):
            here, there = getattr(first.plan, name), getattr(other.plan, name)
            if here != there:
                both = f"{here} in {first.folder} and {there} in {other.folder}"
                raise UserError(f"trials of one search must share their question, but the {name} is {both}")
        if first.planned != other.planned:
            raise UserError(
                f"{first.folder} has other folds or seeds than {other.folder}; give every trial of a search the same "
                "--folds and --seeds"
            )


@dataclass(frozen=True)
class _Jobs:
    """What ``run.json`` says of the folds of a trial."""

    seeds: tuple[int, ...]
    folds: tuple[int, ...]


@dataclass(frozen=True)
class _Validated:
    """What ``metrics.json`` says of a finished fold of a trial."""

    val: Mapping[str, float]
    seconds: float | None = None


@dataclass(frozen=True)
class _Searched:
    """What ``sweep.json`` says of how trials are judged."""

    metric: str
    goal: Literal["maximize", "minimize"]


def _read(kind: type[T], path: Path) -> T:
    return fit(kind, read_object(path, _AGAIN), path, _AGAIN)
