"""What the recordings of a corpus are like: of each class, speaker and part, and what gives a class away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mser.audio.acoustics import FULL_SCALE, Measures
from mser.audio.measure_format import MeasureFormat
from mser.labels import UNKNOWN, LabelSet, MultiLabel, Task
from mser.manifest import Utterance

Floats = NDArray[np.float64]
SHOWN: Mapping[str, MeasureFormat] = {
    "duration": MeasureFormat("duration", "s", 2, 0.5, short="lasts"),
    "level": MeasureFormat("level", "dB", 1, 3.0, short="level"),
    "peak": MeasureFormat("peak", "dB", 1, 3.0, short="peak"),
    "silence": MeasureFormat("silence at the ends", "s", 2, 0.2, short="ends"),
    "zero_crossings": MeasureFormat("zero crossings", "1/s", 0, 200.0, short="zeros"),
    "bandwidth": MeasureFormat("bandwidth", "Hz", 0, 1000.0, short="band"),
}
QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Group:
    """What the recordings of some utterances are like.

    Attributes:
        utterances: how many were measured.
        quantiles: of each of `SHOWN` the 5, 50 and 95 % quantile.
        full_scale: the share that peaks at full scale.
    """

    utterances: int
    quantiles: Mapping[str, tuple[float, float, float]]
    full_scale: float


@dataclass(frozen=True)
class Description:
    """What the recordings of a corpus are like.

    Attributes:
        utterances: how many there are; those that could not be measured are in no group.
        everything: all that were measured.
        classes: by class; of several labels those with each, of scores the lower and the upper half by each.
        speakers: by speaker, where speakers are known.
        parts: by the corpus's own part, where it has such.
        values: each of `SHOWN` by utterance, for `mser.corpora.giveaways`.
        said_by: the measured utterances of each speaker.
        contrasts: groups of which no utterance is in two, by what they are groups of.
    """

    utterances: int
    everything: Group
    classes: Mapping[str, Group]
    speakers: Mapping[str, Group]
    parts: Mapping[str, Group]
    values: Mapping[str, Mapping[str, float]] = field(repr=False)
    said_by: Mapping[str, Sequence[str]] = field(repr=False)
    contrasts: Mapping[str, Mapping[str, Sequence[str]]] = field(repr=False)


def describe(utterances: Sequence[Utterance], measured: Mapping[str, Measures], task: Task) -> Description:
    """Return what recordings are like.

    Args:
        utterances: those of the task.
        measured: what their recordings are like, by id; at least one.
        task: whose classes tell the groups.
    """
    known = [utterance for utterance in utterances if utterance.id in measured]
    values = {utterance.id: _values(measured[utterance.id]) for utterance in known}
    contrasts = _classes(known, task)
    speakers, parts = (
        _by((utterance.speaker, utterance.id) for utterance in known),
        _by((utterance.split, utterance.id) for utterance in known),
    )
    return Description(
        len(utterances),
        _group(list(values), values),
        {name: _group(members, values) for name, members in _shown(contrasts).items()},
        {name: _group(members, values) for name, members in sorted(speakers.items())},
        {name: _group(members, values) for name, members in parts.items()},
        values,
        speakers,
        contrasts | ({"parts": parts} if len(parts) > 1 else {}),
    )


_PRESENT, _ABSENT = "with", "without"


def _shown(contrasts: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, Sequence[str]]:
    """Return the groups of all contrasts by a name of their own, but for those that lack a label."""
    return {
        what if name == _PRESENT else name: members
        for what, groups in contrasts.items()
        for name, members in groups.items()
        if name != _ABSENT
    }


def _classes(known: Sequence[Utterance], task: Task) -> dict[str, dict[str, list[str]]]:
    """Return the groups that the task tells apart, by what they differ in."""
    if isinstance(task, LabelSet):
        named = ((task.target(utterance), utterance.id) for utterance in known)
        groups = _by((task.labels[place], name) for place, name in named if place != UNKNOWN)
        return {"classes": {label: groups[label] for label in task.labels if label in groups}}
    classes = {}
    for place, label in enumerate(task.labels):
        values_by_id = {utterance.id: task.target(utterance)[place] for utterance in known}
        middle = 0.5 if isinstance(task, MultiLabel) else float(np.nanmedian(list(values_by_id.values())))
        low, high = (_ABSENT, _PRESENT) if isinstance(task, MultiLabel) else (f"low {label}", f"high {label}")
        classes[label] = _by((high if value > middle else low, name) for name, value in values_by_id.items())
    return classes


def _by(named: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name, utterance in named:
        if name:
            groups[name].append(utterance)
    return dict(groups)


def _values(measures: Measures) -> dict[str, float]:
    silence = min(measures.silence_start + measures.silence_end, measures.duration)
    return {name: silence if name == "silence" else float(getattr(measures, name)) for name in SHOWN}


def _group(members: Sequence[str], values: Mapping[str, Mapping[str, float]]) -> Group:
    quantiles = {name: np.quantile([values[member][name] for member in members], QUANTILES) for name in SHOWN}
    return Group(
        len(members),
        {
            name: (float(quartiles[0]), float(quartiles[1]), float(quartiles[2]))
            for name, quartiles in quantiles.items()
        },
        float(np.mean([values[member]["peak"] >= FULL_SCALE for member in members])),
    )
