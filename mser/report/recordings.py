"""What the recordings of a run are like, by class, and what gives a class away: `mser data describe` without audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mser.corpora.description import Group, describe
from mser.corpora.giveaways import giveaways
from mser.report.json_layout import FLAT
from mser.report.shortcuts.floors import task_of
from mser.runs.cues import read_cues
from mser.runs.run import Run


@dataclass(frozen=True)
class Quantiles:
    """The 5, 50 and 95 % quantile of a measure."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class RecordingGroup:
    """Some recordings: how many `utterances`, the share of them that peaks at `full_scale`, and each measure."""

    utterances: int
    full_scale: float
    measures: Mapping[str, Quantiles] = field(metadata=FLAT)

    @classmethod
    def of(cls, group: Group) -> RecordingGroup:
        """Return it with its quantiles by name."""
        quantiles = {name: Quantiles(*values) for name, values in group.quantiles.items()}
        return cls(group.utterances, group.full_scale, quantiles)


@dataclass(frozen=True)
class Recordings:
    """What recordings are like, also those that were trained on.

    Attributes:
        measured: how many are known.
        all: all of them.
        classes: those of each class.
        parts: those of each part.
        giveaways: what gives a class away, in sentences.
    """

    measured: int
    all: RecordingGroup
    classes: Mapping[str, RecordingGroup]
    parts: Mapping[str, RecordingGroup]
    giveaways: Sequence[str]


def recordings(run: Run) -> Recordings | None:
    """Return what the recordings of a run are like; None for a run without ``cues.csv``."""
    measured = read_cues(run.folder)
    if not measured.keys() & run.utterances.keys():
        return None
    described = describe(list(run.utterances.values()), measured, task_of(run))
    return Recordings(
        measured=described.everything.utterances,
        all=RecordingGroup.of(described.everything),
        classes={name: RecordingGroup.of(group) for name, group in described.classes.items()},
        parts={name: RecordingGroup.of(group) for name, group in described.parts.items()},
        giveaways=giveaways(described),
    )
