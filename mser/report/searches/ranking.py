"""What a search has found: its trials, the best first, and what each fold would choose by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RankedTrial:
    """A whole trial.

    Attributes:
        trial: its folder.
        mean: of its validation score over folds and seeds.
        folds: the score of each, by its number.
        settings: what was chosen for it, by the names of the command line.
        seconds: what it took.
    """

    trial: str
    mean: float
    folds: Mapping[str, float]
    settings: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True)
class TrialsAsked:
    """What all trials were asked; see `mser.runs.run.Plan`."""

    corpus: str
    protocol: str
    digest: str
    label_set: str
    labels: Sequence[str]


@dataclass(frozen=True)
class SweepReport:
    """What a search has found.

    Attributes:
        title: for a person.
        metric: such as ``crossval/val_ua_mean``.
        goal: ``maximize`` or ``minimize``.
        protocol: what was asked.
        trials: the best first.
        unfinished: the folders of trials that lack a fold and take no part.
        choices: which trial each fold would choose by itself, by its number.
        chose: how many of the tested utterances some fold validates on.
        tested: how many there are.
        procedure: the folder of what `mser sweep --test` found, if it did.
        mser: the version that wrote it.
        answer: for a person, in a few sentences.
    """

    title: str
    metric: str
    goal: str
    protocol: TrialsAsked
    trials: Sequence[RankedTrial]
    unfinished: Sequence[str]
    choices: Mapping[str, str]
    chose: int
    tested: int
    procedure: str | None
    mser: str
    answer: str = ""

    @property
    def options(self) -> list[str]:
        """Every option that some trial has a setting of."""
        return list(dict.fromkeys(name for trial in self.trials for name in trial.settings))
