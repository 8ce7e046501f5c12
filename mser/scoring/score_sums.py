"""Scores as functions of sums over utterances, so that ten thousand resamples cost a few products of matrices.

Each ``..._sums`` gives a row of numbers per utterance. Such rows are added up per speaker, the speakers' rows are added
up with any weights, and ``..._scores`` turns the result, (..., S), into scores, (...): the same that `metrics`,
`sentiment` and `regression` beside this file give for a sample in which each speaker occurs as often as it weighs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.runs.fold_predictions import Predictions
from mser.scoring import metrics
from mser.scoring.sentiment import rounded, sdk_bins

Floats = NDArray[np.float64]
MOMENTS = 7
_CLASSES = (("acc7", 3), ("acc5", 2), ("acc3", 1))
_NO_SPREAD = 1e-12  # of the mean square: what rounding leaves of the variance of a constant


def label_sums(said: Predictions, labels: Sequence[str]) -> Floats:
    """Return (N, C²): a one where truth meets prediction."""
    rows = np.zeros((len(said), len(labels) ** 2))
    rows[np.arange(len(said)), said.target * len(labels) + said.prediction] = 1
    return rows


def label_scores(sums: Floats, labels: Sequence[str]) -> dict[str, Floats]:
    """Return the scores of `mser.scoring.metrics.classification`, and ``precision_`` and ``class_f1_`` by label."""
    counts = sums.reshape(*sums.shape[:-1], len(labels), len(labels))
    means = {name: scores for name, scores in metrics.from_confusion(counts).items() if name != "recall"}
    return means | {
        f"{name}_{label}": scores[..., column]
        for name, scores in metrics.by_class(counts).items()
        for column, label in enumerate(labels)
    }


def presence_sums(present: NDArray[np.bool_], said: Predictions, labels: Sequence[str]) -> Floats:
    """Return (N, 4 C): for each label a one where absent or present meets what was said."""
    return metrics.presence(present, said.probabilities, labels).reshape(len(said), -1).astype(float)


def presence_scores(sums: Floats, labels: Sequence[str]) -> dict[str, Floats]:
    """Return the scores of `mser.scoring.metrics.multi_label`."""
    return metrics.from_presence(sums.reshape(*sums.shape[:-1], len(labels), 2, 2), labels)


def sentiment_sums(said: Predictions) -> Floats:
    """Return (N, 19): moments, agreements of the rounded scores, and both binary confusions."""
    target, prediction = said.target[:, 0], said.prediction[:, 0]
    agreements = [rounded(target, most) == rounded(prediction, most) for _, most in _CLASSES]
    agreements.append(sdk_bins(target) == sdk_bins(prediction))
    has0 = _binary(target >= 0, prediction >= 0)
    non0 = _binary(target > 0, prediction > 0) * (target != 0)[:, None]
    return np.column_stack([moments(target, prediction), *agreements, has0, non0])


def sentiment_scores(sums: Floats) -> dict[str, Floats]:
    """Return the scores of `mser.scoring.sentiment.sentiment`."""
    rest, attributes = sums[..., MOMENTS:], _of_moments(sums[..., :MOMENTS])
    binary = {
        kind: metrics.from_confusion(rest[..., start : start + 4].reshape(*rest.shape[:-1], 2, 2))
        for kind, start in (("has0", 4), ("non0", 8))
    }
    return {
        "mae": attributes["mae"],
        "pearson": attributes["pearson"],
        **{
            name: _over(rest[..., column], sums[..., 0])
            for column, name in enumerate([name for name, _ in _CLASSES] + ["acc7_sdk"])
        },
        **{f"acc2_{kind}": scores["wa"] for kind, scores in binary.items()},
        **{f"weighted_f1_{kind}": scores["weighted_f1"] for kind, scores in binary.items()},
    }


def attribute_sums(said: Predictions) -> Floats:
    """Return (N, 7 K): the moments of each score."""
    return np.column_stack(
        [moments(said.target[:, column], said.prediction[:, column]) for column in range(said.target.shape[1])]
    )


def attribute_scores(sums: Floats, names: Sequence[str]) -> dict[str, Floats]:
    """Return the scores of `mser.scoring.regression.attributes`."""
    attributes = [_of_moments(sums[..., start : start + MOMENTS]) for start in range(0, MOMENTS * len(names), MOMENTS)]
    kinds = ("ccc", "pearson", "mae")
    means = {kind: np.mean([scores[kind] for scores in attributes], axis=0) for kind in kinds}
    return means | {
        f"{kind}_{name}": scores[kind] for kind in kinds for name, scores in zip(names, attributes, strict=True)
    }


def moments(target: Floats, prediction: Floats) -> Floats:
    """Return (N, 7): one, the error, and both scores, their squares and product about the mean truth."""
    one, other = target - target.mean(), prediction - target.mean()
    return np.column_stack([np.ones(len(one)), np.abs(one - other), one, other, one**2, other**2, one * other])


def _of_moments(sums: Floats) -> dict[str, Floats]:
    means = sums[..., 1:] / np.where(sums[..., :1] > 0, sums[..., :1], np.nan)
    error, one, other, one_square, other_square, product = np.moveaxis(means, -1, 0)
    variances = [
        np.where(square - mean**2 > _NO_SPREAD * square, square - mean**2, 0)
        for mean, square in ((one, one_square), (other, other_square))
    ]
    covariance, spread = product - one * other, np.sqrt(variances[0] * variances[1])
    varies = np.where(np.isnan(error), np.nan, 1.0) * (spread > 0)
    width = variances[0] + variances[1] + (one - other) ** 2
    return {
        "mae": error,
        "pearson": varies * covariance / np.where(spread > 0, spread, 1),
        "ccc": varies * 2 * covariance / np.where(width > 0, width, 1),
    }


def _binary(target: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.asarray(np.eye(4, dtype=np.int64)[2 * target + prediction])


def _over(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    return np.asarray(part / np.where(whole > 0, whole, np.nan))
