"""When an ensemble of folds had better keep silent, though each of its members has trained on what others validate on.

The mean of K members is less sure than one of them, so a threshold that single members' answers reach is too high. For
an utterance those members are left out that have trained on it; the m that are left, one that validates and one that
tests it under most protocols, answer together. What averaging does to the threshold shrinks as 1/m, the variance of a
mean, which is carried on from m to K:

    threshold_K = threshold_1 + (threshold_m - threshold_1) (1 - 1/K) / (1 - 1/m)

Measured on 339 recordings of ten speakers, four folds and speakers whom none had heard: of 80 % that were asked for,
thresholds of single members kept 76 % (logistic regression) and 75 % (a small network), of pairs 78 and 76 %, these 78
and 78 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mser.export.threshold import fitted_threshold
from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions
from mser.use.abstention import Floats


class Answered(NamedTuple):
    """What a member, or several seeds of a fold together, say of a part that they have not trained on.

    Attributes:
        fold: whose.
        predictions: of the part, with its truth.
        probabilities: (N, C), calibrated.
    """

    fold: int
    predictions: Predictions
    probabilities: Floats


def together(parts: Sequence[Answered], question: Question) -> dict[str, float] | None:
    """Return the threshold of the mean of all folds' members, as this file's head defines it; None where none can be.

    Args:
        parts: of K folds the parts that their members have not trained on.
        question: what was asked, with labels.

    Returns:
        What `mser.export.threshold.fitted_threshold` does of the answers of m members together, but for the
        ``threshold``, which is that of all; ``members``: m. None if no two folds have the same unheard utterance.
    """
    places: dict[str, list[tuple[Answered, int]]] = defaultdict(list)
    for part in parts:
        for row, name in enumerate(part.predictions.utterances):
            places[name].append((part, row))
    shared = [held_out for held_out in places.values() if len({part.fold for part, _ in held_out}) > 1]
    if not shared:
        return None
    alone = fitted_threshold([_joined([[answer] for held_out in shared for answer in held_out])], question)
    joined = fitted_threshold([_joined(shared)], question)
    if alone is None or joined is None:
        return None
    left_in = float(np.mean([1 / len(held_out) for held_out in shared]))
    further = (1 - 1 / len({part.fold for part in parts})) / (1 - left_in)
    threshold = alone["threshold"] + (joined["threshold"] - alone["threshold"]) * further
    return joined | {"threshold": round(min(max(threshold, 0.0), 1.0), 6), "members": round(1 / left_in, 3)}


def _joined(answers: Sequence[Sequence[tuple[Answered, int]]]) -> tuple[Predictions, Floats]:
    """Return one row per utterance, with the mean of the probabilities that it was given."""
    predictions = Predictions.pool([part.predictions.rows([row]) for (part, row), *_ in answers])
    return predictions, np.array(
        [np.mean([part.probabilities[row] for part, row in held_out], axis=0) for held_out in answers]
    )
