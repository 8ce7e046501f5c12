"""Errors and agreement of predicted numbers; numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def mean_absolute_error(target: NDArray[np.floating], prediction: NDArray[np.floating]) -> float:
    """Return the mean of the absolute differences of two (N,) arrays.

    Example:
        >>> mean_absolute_error(np.array([1.0, 2.0]), np.array([1.5, 2.0]))
        0.25
    """
    return float(np.abs(prediction - target).mean())


def pearson(target: NDArray[np.floating], prediction: NDArray[np.floating]) -> float:
    """Return Pearson's correlation of two (N,) arrays, in [-1, 1]; 0 where either is constant.

    Example:
        >>> round(pearson(np.array([1.0, 2, 3, 4, 5]), np.array([1.5, 2, 2.5, 4.5, 4])), 4)
        0.9163
    """
    if _constant(target) or _constant(prediction):
        return 0.0
    one, other = target - target.mean(), prediction - prediction.mean()
    spread = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / spread) if spread else 0.0  # the squares of tiny numbers are 0


def concordance(target: NDArray[np.floating], prediction: NDArray[np.floating]) -> float:
    """Return Lin's concordance correlation coefficient (1989) of two (N,) arrays, in [-1, 1], population variance.

    0 where either is constant. Some libraries use the sample variance, which is larger on small folds.

    Example:
        >>> round(concordance(np.array([1.0, 2, 3, 4, 5]), np.array([1.5, 2, 2.5, 4.5, 4])), 4)
        0.8955
    """
    if _constant(target) or _constant(prediction):
        return 0.0
    covariance = ((target - target.mean()) * (prediction - prediction.mean())).mean()
    width = target.var() + prediction.var() + (target.mean() - prediction.mean()) ** 2
    return float(2 * covariance / width) if width else 0.0


def attributes(
    target: NDArray[np.floating], prediction: NDArray[np.floating], names: Sequence[str]
) -> dict[str, float]:
    """Return ``ccc``, ``pearson`` and ``mae`` of each of several scores, and their means under the plain names.

    Args:
        target: (N, K) true scores.
        prediction: (N, K) predicted scores.
        names: the K scores, such as ``valence``.

    Example:
        >>> true = np.array([[1.0, 5.0], [2.0, 3.0], [3.0, 1.0]])
        >>> attributes(true, true, ["valence", "arousal"])["ccc"]
        1.0
    """
    kinds = {"ccc": concordance, "pearson": pearson, "mae": mean_absolute_error}
    each = {
        f"{kind}_{name}": measure(target[:, column], prediction[:, column])
        for kind, measure in kinds.items()
        for column, name in enumerate(names)
    }
    means = {kind: float(np.mean([each[f"{kind}_{name}"] for name in names])) for kind in kinds}
    return means | each


def attributes_floor(target: NDArray[np.floating], names: Sequence[str]) -> dict[str, float]:
    """Return the best that constant answers reach in `attributes`: no agreement, and the error of each median.

    Example:
        >>> attributes_floor(np.array([[1.0], [2.0], [6.0]]), ["valence"])["mae"]
        1.6666666666666667
    """
    return attributes(target, np.broadcast_to(np.median(target, axis=0), target.shape), names)


def _constant(scores: NDArray[np.floating]) -> bool:
    """Return whether all are the same; the rounding of their mean would let them seem to vary."""
    return bool(np.ptp(scores) == 0)
