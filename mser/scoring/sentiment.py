"""Scores of sentiment on CMU-MOSI and CMU-MOSEI, every variant by its name; numpy only.

A sentiment is between -3 and 3. Papers report "Acc-2" and "Acc-7" without saying which; the variants differ by points,
so each is here under a name of its own. Sources: the MulT, MMSA and CMU SDK evaluation codes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mser.scoring import metrics
from mser.scoring.regression import mean_absolute_error, pearson


def sentiment(target: NDArray[np.floating], prediction: NDArray[np.floating]) -> dict[str, float]:
    """Return errors and agreement of predicted sentiment.

    Args:
        target: (N,) true scores.
        prediction: (N,) predicted scores, of any size; only the classes clip them.

    Returns:
        - ``mae``, ``pearson``: mean absolute error and correlation (0 where either side is constant), unclipped.
        - ``acc7``, ``acc5``, ``acc3``: agreement of the scores rounded (halves to even) and clipped to ±3, ±2, ±1.
        - ``acc7_sdk``: agreement in the SDK's bins, which round away from 0.
        - ``acc2_has0``, ``weighted_f1_has0``: negative (< 0) or not, over all utterances.
        - ``acc2_non0``, ``weighted_f1_non0``: positive (> 0) or not, over the utterances whose true score is not 0; NaN
          where all are.

    Raises:
        ValueError: if the lengths differ or nothing is given.

    Example:
        >>> scores = sentiment(np.array([-3, -1.4, 0, 0.4, 2.5]), np.array([-3.6, -0.4, 0.2, 0.6, 2.4]))
        >>> {name: round(scores[name], 4) for name in ("mae", "pearson", "acc7", "acc2_has0", "acc2_non0")}
        {'mae': 0.42, 'pearson': 0.9644, 'acc7': 0.6, 'acc2_has0': 1.0, 'acc2_non0': 1.0}
    """
    if target.shape != prediction.shape or not len(target):
        raise ValueError(
            f"{len(target)} true scores but {len(prediction)} predicted ones: give one of each per utterance"
        )
    polar = target != 0
    binary = {
        "has0": _binary(target >= 0, prediction >= 0),
        "non0": _binary(target[polar] > 0, prediction[polar] > 0),
    }
    return {
        "mae": mean_absolute_error(target, prediction),
        "pearson": pearson(target, prediction),
        **{f"acc{2 * most + 1}": _agreement(rounded(target, most), rounded(prediction, most)) for most in (3, 2, 1)},
        "acc7_sdk": _agreement(sdk_bins(target), sdk_bins(prediction)),
        **{f"acc2_{kind}": scores["wa"] for kind, scores in binary.items()},
        **{f"weighted_f1_{kind}": scores["weighted_f1"] for kind, scores in binary.items()},
    }


def sentiment_floor(target: NDArray[np.floating]) -> dict[str, float]:
    """Return the best that a constant answer reaches in each score: what a model must beat.

    Every score gets its own best constant among the class centres -3, ..., 3 and the median, so no constant is better.

    Example:
        >>> floor = sentiment_floor(np.array([-1.0, 1.0, 1.0, 2.0]))
        >>> floor["acc2_non0"], floor["acc7"], floor["mae"]
        (0.75, 0.5, 0.75)
    """
    constants = [*range(-3, 4), float(np.median(target))]
    constants = [sentiment(target, np.full(len(target), constant, dtype=float)) for constant in constants]
    return {name: (min if name == "mae" else max)(scores[name] for scores in constants) for name in constants[0]}


def rounded(scores: NDArray[np.floating], most: int) -> NDArray[np.int64]:
    """Return each score's class from `-most` to `most`: clipped and rounded, halves to even.

    Example:
        >>> rounded(np.array([0.5, 1.5, 2.5, -0.5, 7.0]), most=3).tolist()
        [0, 2, 2, 0, 3]
    """
    return np.asarray(np.round(np.clip(scores, -most, most)), dtype=np.int64)


def sdk_bins(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return each score's class from -3 to 3 as the CMU SDK draws them: away from 0, so that only 0 itself is neutral.

    Example:
        >>> sdk_bins(np.array([0.2, 0.0, -1.33, 2.0])).tolist()
        [1, 0, -2, 2]
    """
    clipped = np.clip(scores, -3, 3)
    return np.asarray(np.sign(clipped) * np.ceil(np.abs(clipped)), dtype=np.int64)


def _agreement(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    return float((one == other).mean())


def _binary(target: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> dict[str, float]:
    if not len(target):
        return {"wa": np.nan, "weighted_f1": np.nan}
    return metrics.classification(
        [str(positive) for positive in target], [str(positive) for positive in prediction], ["False", "True"]
    )
