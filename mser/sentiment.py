"""Scores of sentiment on CMU-MOSI and CMU-MOSEI, where a score is between -3 and 3; numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mser import metrics

POLES = ["negative", "positive"]


def sentiment(target: NDArray[np.floating], prediction: NDArray[np.floating]) -> dict[str, float]:
    """Return errors and agreement of predicted scores, as the 2020 paper's code counts them.

    Args:
        target: (N,) true scores.
        prediction: (N,) predicted scores, of any size; only `acc7` clips them.

    Returns:
        - ``mae``: mean absolute error.
        - ``pearson``: correlation; 0 where either side is constant.
        - ``acc7``: agreement in the seven classes that rounding makes, halves to even.
        - ``acc2_non0``, ``weighted_f1_non0``: whether the score is positive (> 0), over the utterances whose true score
          is not 0; NaN where all are.

    Raises:
        ValueError: if the lengths differ or nothing is given.

    Example:
        >>> scores = sentiment(np.array([-3, -1.4, 0, 0.4, 2.5]), np.array([-3.6, -0.4, 0.2, 0.6, 2.4]))
        >>> {name: round(score, 4) for name, score in scores.items()}
        {'mae': 0.42, 'pearson': 0.9644, 'acc7': 0.6, 'acc2_non0': 1.0, 'weighted_f1_non0': 1.0}
    """
    if target.shape != prediction.shape or not len(target):
        raise ValueError(
            f"{len(target)} true scores but {len(prediction)} predicted ones: give one of each per utterance"
        )
    polar = target != 0
    binary = {"wa": np.nan, "weighted_f1": np.nan}
    if polar.any():
        binary = metrics.classification(_poles(target[polar]), _poles(prediction[polar]), POLES)
    return {
        "mae": float(np.abs(prediction - target).mean()),
        "pearson": _pearson(target, prediction),
        "acc7": float((seven_classes(target) == seven_classes(prediction)).mean()),
        "acc2_non0": binary["wa"],
        "weighted_f1_non0": binary["weighted_f1"],
    }


def seven_classes(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return each score's class from -3 to 3: rounded, halves to even.

    Example:
        >>> seven_classes(np.array([0.5, 1.5, 2.5, -0.5, 7.0])).tolist()
        [0, 2, 2, 0, 3]
    """
    return np.round(np.clip(scores, -3, 3)).astype(np.int64)


def _poles(scores: NDArray[np.floating]) -> list[str]:
    return [POLES[int(score > 0)] for score in scores]


def _pearson(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    one, other = one - one.mean(), other - other.mean()
    spread = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / spread) if spread else 0.0
