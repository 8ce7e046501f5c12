"""How the recordings were that a model was trained on, and how far others may differ before they are unlike them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mser.everyday.recording_aspects import ASPECTS, rows

Floats = NDArray[np.float64]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FALSE_ALARMS = 0.03
"""The share of the recordings of a speaker who was left out that may lie outside of the limits."""
_EDGE = 0.01  # quantile where the limits begin to widen
_WIDEST, _STEP = 3.0, 0.05  # of the margin, in ranges between the quartiles
_FEWEST = 5
"""Recordings of a speaker or class whose median counts."""


@dataclass(frozen=True)
class TrainingRecordings:
    """What is kept of the training recordings with a model.

    Attributes:
        clips: how many they are.
        quantiles: of each of `ASPECTS` those at `QUANTILES`.
        classes: the same of each class.
        limits: the least and the greatest value of a recording that is like them. They begin at the 1 and 99 % quantile
            and are as wide as it takes for 97 % of the recordings of a speaker who is left out.
        medians: the same of the median of many recordings: what the medians of single speakers and classes span, and
            half of that to either side.
        level_spread: dB between the 10 and 90 % quantile of the level, of the speaker where that is least.
    """

    clips: int
    quantiles: Mapping[str, Sequence[float]]
    classes: Mapping[str, Mapping[str, Sequence[float]]]
    limits: Mapping[str, tuple[float, float]]
    medians: Mapping[str, tuple[float, float]]
    level_spread: float


def training_recordings(
    recordings: Sequence[Mapping[str, float]], speakers: Sequence[str], classes: Sequence[str]
) -> TrainingRecordings | None:
    """Return what to keep of recordings; None where they are too few or were not measured in all aspects.

    Args:
        recordings: the aspects of each by name.
        speakers: who speaks; empty where that is not known.
        classes: of each; empty where it has none.
    """
    values, speaker, label = rows(recordings), np.array(speakers), np.array(classes)
    if len(values) < 2 * _FEWEST or not np.isfinite(values).all():
        return None
    names = list(ASPECTS)
    low, high = _limits(values, speaker)
    groups = [*_groups(values, speaker), *_groups(values, label), values]
    middles = np.array([np.median(group, axis=0) for group in groups])
    room = np.maximum(np.ptp(middles, axis=0) / 2, _least())
    level = names.index("level")
    spread = min(np.ptp(np.quantile(group[:, level], (0.1, 0.9))) for group in _groups(values, speaker) or [values])
    return TrainingRecordings(
        clips=len(values),
        quantiles=_quantiles(values),
        classes={name: _quantiles(values[label == name]) for name in sorted(set(classes) - {""})},
        limits={name: (float(low[place]), float(high[place])) for place, name in enumerate(names)},
        medians={
            name: (
                float(middles[:, place].min() - room[place]),
                float(middles[:, place].max() + room[place]),
            )
            for place, name in enumerate(names)
        },
        level_spread=float(spread),
    )


def _quantiles(values: Floats) -> dict[str, list[float]]:
    return {
        name: [round(float(value), 4) for value in np.quantile(values[:, place], QUANTILES)]
        for place, name in enumerate(ASPECTS)
    }


def _groups(values: Floats, names: NDArray[np.str_]) -> list[Floats]:
    groups = (values[names == name] for name in np.unique(names) if name)
    return [group for group in groups if len(group) >= _FEWEST]


def _limits(values: Floats, speakers: NDArray[np.str_]) -> tuple[Floats, Floats]:
    """Return the least and the greatest value of each aspect, (aspects,) both.

    Without two speakers nothing tells how speakers differ, and one range between the quartiles is added.
    """
    split_speakers = [name for name in np.unique(speakers) if name and 0 < np.mean(speakers == name) < 1]
    if not split_speakers:
        return _around(values, 1.0)
    for margin in np.arange(0, _WIDEST, _STEP):
        outside = [
            np.mean(_outside(values[speakers == name], *_around(values[speakers != name], margin)).any(axis=1))
            for name in split_speakers
        ]
        if np.mean(outside) <= FALSE_ALARMS:
            break
    return _around(values, margin)


def _around(values: Floats, margin: float) -> tuple[Floats, Floats]:
    low, quarter, three, high = np.quantile(values, (_EDGE, 0.25, 0.75, 1 - _EDGE), axis=0)
    room = margin * np.maximum(three - quarter, _least())
    return low - room, high + room


def _outside(values: Floats, low: Floats, high: Floats) -> NDArray[np.bool_]:
    return np.asarray((values < low) | (values > high))


def _least() -> Floats:
    return np.array([aspect.least for aspect in ASPECTS.values()])
