"""Abstaining: how often the model is wrong if it may keep silent where it is least sure (El-Yaniv and Wiener 2010)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mser.report.confidence.decisions import Floats, sure
from mser.report.figures import pooled
from mser.runs.run import Run

COVERAGES = tuple(percent / 100 for percent in range(5, 101, 5))


@dataclass(frozen=True)
class Abstaining:
    """The risk-coverage curve of a run.

    Attributes:
        coverage: shares of the answers that are given, the surest first.
        risk: the share of those that is wrong.
        area: the mean risk over all coverages, of which less is better (AURC).
    """

    coverage: Sequence[float]
    risk: Sequence[float]
    area: float


def abstaining(run: Run) -> Abstaining | None:
    """Return the risk at each coverage of a complete run, pooled over folds, mean over seeds; None for scores."""
    if run.plan.task.is_numbers:
        return None
    curves = [risks(*sure(pooled(run, seed), run.question)) for seed in run.seeds]
    risk = np.mean([curve[_places(len(curve))] for curve in curves], axis=0)
    return Abstaining(list(COVERAGES), risk.tolist(), float(np.mean([curve.mean() for curve in curves])))


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
