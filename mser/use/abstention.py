"""When a model had better keep silent: how sure it must be for its answer to be taken. Imports no torch.

The threshold is fitted on validation, never on test: it is the sureness that a stated share of the validation answers
reach. What accuracy they have beside that of all is told with it, so that a user can see what the silence buys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.runs.csv_cells import Question
from mser.runs.predictions import Predictions

COVERAGE = 0.8
"""The share of validation answers that are sure enough."""
Floats = NDArray[np.float64]


def sureness(probabilities: Floats, task: str) -> Floats:
    """Return how sure each answer is, (N,): of one label its probability; of several, that of the least sure one.

    Args:
        probabilities: (N, C), calibrated.
        task: ``labels`` or ``multi_label``.

    Example:
        >>> sureness(np.array([[0.7, 0.3], [0.1, 0.9]]), "labels").tolist()
        [0.7, 0.9]
        >>> sureness(np.array([[0.6, 0.1]]), "multi_label").tolist()
        [0.6]
    """
    if task == "multi_label":
        return np.asarray(np.maximum(probabilities, 1 - probabilities).min(-1))
    return np.asarray(probabilities.max(-1))


def fitted_threshold(
    said: Sequence[tuple[Predictions, Floats]], question: Question, coverage: float = COVERAGE
) -> dict[str, float] | None:
    """Return the threshold and what it does to validation; None for scores, of which nobody knows how sure they are.

    Args:
        said: validation parts with the calibrated (N, C) probabilities that the folder's model gives them.
        question: what was asked.
        coverage: the share of answers to keep, in (0, 1].

    Returns:
        ``threshold``: what is less sure is abstained from; ``coverage``: the share of validation answers that are kept,
        no less than was asked; ``accuracy``: of these, and ``accuracy_of_all``.
    """
    if question.task == "scores":
        return None
    sure = np.concatenate([sureness(probabilities, question.task) for _, probabilities in said])
    right = np.concatenate([_right(part, probabilities, question) for part, probabilities in said])
    place = int(np.ceil(coverage * len(sure) - 1e-9))
    # Rounded down, so that the last answer that is kept stays kept.
    threshold = float(np.floor(np.sort(sure)[::-1][place - 1] * 1e6) / 1e6)
    kept = sure >= threshold
    return {
        "threshold": threshold,
        "coverage": float(kept.mean()),
        "accuracy": float(right[kept].mean()),
        "accuracy_of_all": float(right.mean()),
    }


def _right(part: Predictions, probabilities: Floats, question: Question) -> NDArray[Any]:
    """Return for each answer whether it is right, of several labels all of them."""
    if question.task == "multi_label":
        return np.asarray(((probabilities > 0.5) == part.target.astype(bool)).all(-1))
    return np.asarray(probabilities.argmax(-1) == part.target)
