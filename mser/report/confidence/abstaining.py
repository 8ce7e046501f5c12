"""Abstaining: how often the model is wrong if it may keep silent where it is least sure (El-Yaniv and Wiener 2010)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mser.report.confidence.decisions import Floats, sure
from mser.runs.fold_predictions import Predictions
from mser.runs.run import Json, Run

COVERAGES = tuple(percent / 100 for percent in range(5, 101, 5))


def abstaining(run: Run) -> Json | None:
    """Return the risk at each coverage of a complete run, pooled over folds, mean over seeds; null for scores.

    Returns:
        ``coverage``: shares of the answers that are given, the surest first; ``risk``: the share of those that is
        wrong; ``area``: the mean risk over all coverages, of which less is better (AURC).
    """
    if run.plan.task.is_numbers:
        return None
    curves = []
    for seed in run.seeds:
        said = Predictions.pool([job.said for job in run.jobs if job.seed == seed])
        curves.append(risks(*sure(said, run.question)))
    risk = np.mean([curve[_places(len(curve))] for curve in curves], axis=0)
    return {
        "coverage": list(COVERAGES),
        "risk": risk.tolist(),
        "area": float(np.mean([curve.mean() for curve in curves])),
    }


def risks(probability: Floats, right: NDArray[np.bool_]) -> Floats:
    """Return the share that is wrong of the 1, 2, ..., N surest answers; equally sure ones count in any order.

    Example:
        >>> risks(np.array([0.6, 0.9, 0.6, 0.7]), np.array([True, True, False, False])).round(3).tolist()
        [0.0, 0.5, 0.5, 0.5]
    """
    _, level = np.unique(-probability, return_inverse=True)
    wrong = np.bincount(level, ~right) / np.bincount(level)
    return np.asarray(np.cumsum(wrong[np.sort(level)]) / np.arange(1, len(right) + 1))


def _places(number: int) -> list[int]:
    return [max(1, round(coverage * number)) - 1 for coverage in COVERAGES]
