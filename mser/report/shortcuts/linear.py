"""Linear models of a few cues, by scikit-learn: logistic regression for labels, ridge regression for scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.scoring.statistics import Floats


def standardised(train: Floats, judged: Floats) -> tuple[Floats, Floats]:
    """Return both with the mean and the spread of train taken out; what is not known, NaN, becomes the mean.

    Args:
        train: (N, K) cues.
        judged: (M, K) cues.

    Example:
        >>> one, other = standardised(np.array([[1.0], [3.0], [np.nan]]), np.array([[5.0]]))
        >>> one.ravel().tolist(), other.ravel().tolist()
        ([-1.0, 1.0, 0.0], [3.0])
    """
    finite = np.isfinite(train)
    number = np.maximum(finite.sum(0), 1)
    middle = np.where(finite, train, 0).sum(0) / number
    spread = np.sqrt((np.where(finite, train - middle, 0) ** 2).sum(0) / number)
    spread[spread == 0] = 1
    one, other = ((np.where(np.isfinite(rows), rows, middle) - middle) / spread for rows in (train, judged))
    return one, other


def probable(train: Floats, target: NDArray[np.int64], judged: Floats, classes: int, *, balanced: bool) -> Floats:
    """Return the probabilities of each class, (M, classes); one that train lacks has none.

    Args:
        train: (N, K) standardised cues.
        target: (N,) class indices.
        judged: (M, K) cues.
        classes: how many there are.
        balanced: each class counts the same, instead of each utterance.
    """
    from sklearn.linear_model import LogisticRegression

    predicted = np.zeros((len(judged), classes))
    present = np.unique(target)
    if len(present) == 1:
        predicted[:, present[0]] = 1
        return predicted
    model = LogisticRegression(class_weight="balanced" if balanced else None, max_iter=1000).fit(train, target)
    predicted[:, present] = model.predict_proba(judged)
    return predicted


def present(train: Floats, target: NDArray[Any], judged: Floats, *, balanced: bool) -> Floats:
    """Return the probability of each label by itself, (M, C), of presences (N, C)."""
    return np.column_stack(
        [probable(train, one.astype(int), judged, 2, balanced=balanced)[:, 1] for one in target.T]
    )  # fmt: skip


def scores(train: Floats, target: Floats, judged: Floats) -> Floats:
    """Return the scores, (M, C), that ridge regression expects."""
    from sklearn.linear_model import Ridge

    return np.asarray(Ridge().fit(train, target).predict(judged), dtype=np.float64).reshape(len(judged), -1)
