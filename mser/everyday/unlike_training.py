"""What is unlike the recordings that a model was trained on: of one recording, and of many together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from mser.everyday.recording_aspects import ASPECTS, rows
from mser.everyday.training_recordings import QUANTILES, TrainingRecordings

MANY = 10
"""Recordings from which on their medians are compared too."""
USUAL = 0.05
"""The share of unlike recordings up to which nothing is said of a run: those of new speakers have as many."""
_LOW, _HIGH = QUANTILES.index(0.05), QUANTILES.index(0.95)
_NARROW = 0.25  # of the least spread of the level of a training speaker


def unlike(recording: Mapping[str, float], training: TrainingRecordings) -> list[str]:
    """Return the aspects in which a recording, given by them, is unlike those of the training."""
    return [name for name, (low, high) in training.limits.items() if not low <= recording[name] <= high]


def reasons(recording: Mapping[str, float], training: TrainingRecordings) -> str:
    """Return how a recording is unlike those of the training, in words; nothing where it is like them."""
    return "; ".join(
        f"{ASPECTS[name].title} {_beside(name, recording[name], training)}" for name in unlike(recording, training)
    )


def together(recordings: Sequence[Mapping[str, float]], training: TrainingRecordings) -> dict[str, str]:
    """Return in which aspects many recordings as a whole are unlike those of the training, in sentences.

    One by one each of them may be as some training recording was: what is told here is that nearly all of them lie at
    one end, or have one level. Nothing is said of fewer than `MANY`.
    """
    if len(recordings) < MANY:
        return {}
    values, reasons = rows(recordings), {}
    for place, (name, aspect) in enumerate(ASPECTS.items()):
        low, high = training.medians[name]
        middle = float(np.median(values[:, place]))
        if not low <= middle <= high:
            reasons[name] = f"their median {aspect.title} is {_beside(name, middle, training)}"
    level = values[:, list(ASPECTS).index("level")]
    spread = float(np.ptp(np.quantile(level, (0.1, 0.9))))
    if spread < _NARROW * training.level_spread:
        reasons["one level"] = (
            f"their levels lie within {spread:.1f} dB, those of a training speaker within at least "
            f"{training.level_spread:.1f} dB: they were levelled"
        )
    return reasons


def run_lines(recordings: Sequence[Mapping[str, float]], training: TrainingRecordings) -> list[str]:
    """Return what a run has to say of all its recordings, a line each; nothing where they are like the training's.

    Args:
        recordings: the aspects of each by name.
        training: what the model was trained on.
    """
    each = [unlike(one, training) for one in recordings]
    counted, some = Counter(name for names in each for name in names), sum(map(bool, each))
    lines = []
    if some > USUAL * len(recordings):
        most = ", ".join(f"{ASPECTS[name].title} ({number})" for name, number in counted.most_common(3))
        lines.append(
            f"{some} of {len(recordings)} recordings are unlike those that the model was trained on, in {most}: "
            "its answers may shift"
        )
    as_one = [words for name, words in together(recordings, training).items() if 2 * counted[name] < len(recordings)]
    if as_one:
        lines.append(f"as a whole the recordings are unlike those of the training: {'; '.join(as_one)}")
    return lines


def _beside(name: str, value: float, training: TrainingRecordings) -> str:
    """Return a value beside the range of the training recordings."""
    aspect, quantiles = ASPECTS[name], training.quantiles[name]
    low, high = aspect.number(quantiles[_LOW]), aspect.number(quantiles[_HIGH])
    usual = low if low == high else f"{low} to {high}"
    return f"{aspect.in_words(value)} (in training {usual})"
