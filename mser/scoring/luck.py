"""How sure a score or a difference is once training is left to luck too: other seeds, training sets and sessions.

Speakers alone say how *these trained models* would do on others. What a paper claims is of the *method*: trained
again, it scores otherwise (Bouthillier et al. 2021, "Accounting for variance in machine learning benchmarks"). Three
ways to an error of the method:

- *folds*: each fold has a training set, a seed and speakers of its own, so the spread of the folds' scores, sd / √K,
  has all of it; Student's t with K - 1 degrees of freedom.
- *seeds*: var = var(speakers) + Σ sd²(seeds) / S over the runs that take part, for at least three seeds of each, with
  Satterthwaite's (1946) degrees of freedom. What speakers and seeds add is seen where there is but one split.
- Where both are known, the greater error counts: seeds do not change what a setting owes to a fold's training set, and
  five folds are few to tell. Of a difference of variances v < w with v's freedom a and w's b, the freedom f is
  1/f = (v/w)/a + (1 - v/w)/b: it goes from a, where the folds add nothing, to b, where they add all.

`tests/scoring/test_verdicts.py` checks how often they err by simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mser.scoring.statistics import Floats, student_p, student_t

LEAST_SEEDS = 3
"""So many of each run, and the spread over seeds counts."""
POWER = 0.8
_MANY = 1000  # degrees of freedom that independent utterances have at least, or near enough
Method = Literal["seeds", "folds", "none"]


@dataclass(frozen=True)
class Error:
    """A standard error.

    Attributes:
        size: in the unit of the score, above 0.
        freedom: degrees of freedom, at least 1.
        least: the error of independent utterances: no interval is narrower, and no p smaller, than by this alone.
    """

    size: float
    freedom: float
    least: float = 0.0

    def p(self, difference: float) -> float:
        """Return the two-sided p value of a difference."""
        by_itself = student_p(difference / self.size, self.freedom)
        return max(by_itself, student_p(difference / self.least, _MANY)) if self.least else by_itself

    def half_width(self, level: float) -> float:
        """Return half the width of the interval of this level."""
        return max(student_t(self.freedom, level) * self.size, student_t(_MANY, level) * self.least)

    def detectable(self, level: float) -> float:
        """Return the true difference of which `POWER` of all tests at this level would say so.

        It is (t_level + t_power) errors, as is usual (Bloom 1995); exact but for the shift of t's shape, within 3 %
        from four degrees of freedom on.
        """
        return self.half_width(level) + self.half_width(2 * POWER - 1)


def error(size: float, freedom: float) -> Error | None:
    """Return an error, or None where nothing is known of how sure a number is.

    Example:
        >>> error(0.01, 0) is None, error(0.01, 5)
        (True, Error(size=0.01, freedom=5, least=0.0))
    """
    return Error(size, freedom) if size > 0 and freedom >= 1 else None


def of_folds(values: Floats, least: float = 0.0) -> Error | None:
    """Return the error of the mean of the folds' scores or differences; None for fewer than two.

    Args:
        values: (K,); NaN where a fold does not have the score.
        least: the error of independent utterances.

    Example:
        >>> of_folds(np.array([0.5, 0.6, 0.7]))
        Error(size=0.0577..., freedom=2, least=0.0)
    """
    defined = values[~np.isnan(values)]
    if len(defined) < 2:
        return None
    size = float(defined.std(ddof=1) / np.sqrt(len(defined)))
    return Error(size or least, len(defined) - 1, least) if size or least else None


def of_seeds(speakers: Error, runs: Sequence[Floats]) -> Error | None:
    """Return the error of a mean over seeds, or of the difference of two; None for fewer than `LEAST_SEEDS` of any.

    Args:
        speakers: that of the trained models, over speakers.
        runs: for each run the score of each seed, (S,), each the mean over folds.

    Example:
        >>> of_seeds(Error(0.03, 10), [np.array([0.5, 0.6, 0.7])])
        Error(size=0.0650..., freedom=3.1..., least=0.0)
    """
    if min(map(len, runs)) < LEAST_SEEDS:
        return None
    parts = [(speakers.size**2, speakers.freedom)]
    parts += [(float(scores.var(ddof=1)) / len(scores), len(scores) - 1) for scores in runs]
    variance = sum(part for part, _ in parts)
    return Error(float(np.sqrt(variance)), variance**2 / sum(part**2 / freedom for part, freedom in parts))


def of_difference(one: Floats, other: Floats, speakers: Error | None, least: float) -> tuple[Method, Error | None]:
    """Return how a difference of two runs is judged, as the head of this file says, and its error.

    The error is None where nothing varies, as in two runs that say the same, or no method applies.

    Args:
        one: (S, K) the scores of one run by seed and fold.
        other: (S', K) those of the other.
        speakers: the error of the difference of these trained models.
        least: the error of independent utterances.
    """
    folds = of_folds(_mean(one, 0) - _mean(other, 0), least)
    seeds = of_seeds(speakers, [_mean(one, 1), _mean(other, 1)]) if speakers else None
    if seeds:
        return "seeds", _greater(seeds, folds)
    return ("folds" if one.shape[1] > 1 else "none"), folds


def of_method(scores: Floats, speakers: Error | None, least: float) -> Error | None:
    """Return the error of one run's score for the method: by folds, or by seeds where there is one split.

    Args:
        scores: (S, K) by seed and fold.
        speakers: the error of these trained models.
        least: the error of independent utterances.
    """
    if scores.shape[1] > 1:
        return of_folds(_mean(scores, 0), least)
    return of_seeds(speakers, [_mean(scores, 1)]) if speakers else None


def _greater(seeds: Error, folds: Error | None) -> Error:
    if folds is None or folds.size <= seeds.size:
        return seeds
    share = (seeds.size / folds.size) ** 2
    return Error(folds.size, 1 / (share / seeds.freedom + (1 - share) / folds.freedom), folds.least)


def _mean(scores: Floats, axis: int) -> Floats:
    """Return the mean of what is defined along an axis."""
    number = (~np.isnan(scores)).sum(axis)
    return np.asarray(np.nansum(scores, axis) / np.where(number > 0, number, np.nan))
