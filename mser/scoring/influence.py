"""How much each utterance moves a score, and how sure the score would be if all utterances were independent.

A score is a function of sums over utterances (`mser.scoring.score_sums`), so what one utterance adds to it is, to first
order, the gradient of that function times the utterance's row: the infinitesimal jackknife (Jaeckel 1972). The sum of
the squares is the variance of independent utterances. Utterances of one speaker resemble each other, so that a score
cannot be surer than this; an error that is estimated from few speakers can be less by luck.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mser.runs.run import Run
from mser.scoring.score_sums import Floats
from mser.scoring.scorers import Scorer

_STEP = 1e-4  # of the root of the sum of squares of a column
Influences = Mapping[str, Mapping[int, Floats]]
"""By score and number of the fold the influence of each utterance, (N,), in the order of their ids."""


def influences(run: Run, scorer: Scorer) -> Influences:
    """Return by how much each utterance moves each score of a complete run, the mean over its folds and seeds.

    Args:
        run: a complete one.
        scorer: gives the scores.
    """
    found: dict[str, dict[int, Floats]] = {}
    for job in run.jobs:
        for name, one in _of_rows(scorer.sums(job.predictions), scorer).items():
            folds = found.setdefault(name, {})
            folds[job.fold.number] = folds.get(job.fold.number, 0.0) + one / len(run.seeds)
    return {name: _over_folds(folds) for name, folds in found.items()}


def independent_error(influence: Mapping[int, Floats], other: Mapping[int, Floats] | None = None) -> float:
    """Return the standard error of a score, or of a difference of two, if all utterances were independent.

    Args:
        influence: of one score, by fold.
        other: of the run that it is compared with, on the same utterances.

    Example:
        >>> independent_error({1: np.array([0.01, -0.01])})
        0.02
    """
    error = 0.0
    for fold, one in influence.items():
        moved = one - (0.0 if other is None else other[fold])
        error += float((moved**2).sum()) * len(moved) / max(1, len(moved) - 1)
    return float(np.sqrt(error))


def _of_rows(rows: Floats, scorer: Scorer) -> dict[str, Floats]:
    """Return by score the influence of each row of sums on the score of their total, (N,); NaN where there is none."""
    total, steps = rows.sum(0), _STEP * np.sqrt((rows**2).sum(0))
    used = np.flatnonzero(steps)
    moves = np.diag(steps)[used]
    more, less = scorer.of_sums(total + moves), scorer.of_sums(total - moves)
    has_score = {name: not np.isnan(value) for name, value in scorer.of_sums(total[None]).items()}
    return {
        name: _centred(rows[:, used] @ ((more[name] - less[name]) / (2 * steps[used])))
        if has_score[name]
        else np.full(len(rows), np.nan)
        for name in has_score
    }


def _centred(moved: NDArray[np.float64]) -> Floats:
    return np.asarray(moved - moved.mean())


def _over_folds(folds: Mapping[int, Floats]) -> dict[int, Floats]:
    """Return the influences on the mean of the folds that have the score; none in the others."""
    scored = [number for number, one in folds.items() if not np.isnan(one).any()]
    return {number: one / len(scored) if number in scored else np.zeros(len(one)) for number, one in folds.items()}
