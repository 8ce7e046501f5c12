"""How sure a model must be for its answer to be taken, fitted on validation. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions
from mser.use.abstention import Floats, sureness

COVERAGE = 0.8
"""The share of validation answers that are sure enough."""


def fitted_threshold(
    answers: Sequence[tuple[Predictions, Floats]], question: Question, coverage: float = COVERAGE
) -> dict[str, float] | None:
    """Return the threshold and what it does to validation; None for scores, of which nobody knows how sure they are.

    Args:
        answers: validation parts with the calibrated (N, C) probabilities that the folder's model gives them.
        question: what was asked.
        coverage: the share of answers to keep, in (0, 1].

    Returns:
        ``threshold``: what is less sure is abstained from; ``coverage``: the share of validation answers that are kept,
        no less than was asked; ``accuracy``: of these, and ``accuracy_of_all``.
    """
    if question.task.is_numbers:
        return None
    sure = np.concatenate([sureness(probabilities, question.task) for _, probabilities in answers])
    right = np.concatenate([_right(part, probabilities, question) for part, probabilities in answers])
    place = int(np.ceil(coverage * len(sure) - 1e-9))
    # Rounded down, so that the last answer that is kept stays kept.
    threshold = float(np.floor(np.sort(sure)[::-1][place - 1] * 1e6) / 1e6)
    sure_enough = sure >= threshold
    return {
        "threshold": threshold,
        "coverage": float(sure_enough.mean()),
        "accuracy": float(right[sure_enough].mean()),
        "accuracy_of_all": float(right.mean()),
    }


def _right(part: Predictions, probabilities: Floats, question: Question) -> NDArray[Any]:
    """Return for each answer whether it is right, of several labels all of them."""
    if question.task.is_several_labels:
        return np.asarray(((probabilities > 0.5) == part.target.astype(bool)).all(-1))
    return np.asarray(probabilities.argmax(-1) == part.target)
