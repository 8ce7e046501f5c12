"""EMO-SUPERB's score of distributions: which classes have more than an even share, by macro F1.

A class holds where its share is more than 1/C, of the votes as of the probabilities (`mser.vote_counts.above_even`). F1
of "holds" is that of a whole fold, for each class, and their mean is the score; a class that neither anybody chose nor
the model says counts for nothing. Source: Wu et al. 2024, arXiv 2402.13018.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mser.report.confidence.decisions import Floats

NAME = "distribution_f1"
_CLOSE = 1e-9


def holds(shares: Floats) -> NDArray[np.bool_]:
    """Return which classes have more than an even share.

    Args:
        shares: (..., C).

    Example:
        >>> holds(np.array([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])).tolist()
        [[True, True, False, False], [False, False, False, False]]
    """
    return np.asarray(shares > 1 / shares.shape[-1] + _CLOSE)


def hits(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> Floats:
    """Return (..., 3C): for each class whether it was found, said wrongly, and missed, from two of (..., C)."""
    return np.concatenate([truth & said, ~truth & said, truth & ~said], axis=-1).astype(float)


def macro_f1(sums: Floats) -> Floats:
    """Return (...) the mean F1 of sums (..., 3C) of `hits`; NaN where no class counts.

    Example:
        >>> float(macro_f1(np.array([2.0, 0.0, 1.0, 0.0, 1.0, 0.0])).round(3))  # found 2, 0, wrong 1, 0, missed 1, 0
        0.667
    """
    found, wrong, missed = np.split(sums, 3, axis=-1)
    whole = 2 * found + wrong + missed
    f1 = np.divide(2 * found, whole, out=np.full_like(whole, np.nan), where=whole > 0)
    known = ~np.isnan(f1)
    number = known.sum(-1)
    total = np.where(known, f1, 0).sum(-1)
    return np.asarray(np.divide(total, number, out=np.full(np.shape(number), np.nan), where=number > 0))
