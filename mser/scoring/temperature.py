"""Probabilities that mean what they say: one temperature, fitted on the validation part (Guo et al. 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 0.25, 10.0
"""A small validation part that is all right, or all wrong, would ask for more than it can tell."""
_EPSILON = 1e-12
_STEPS = 60

Floats = NDArray[np.float64]


def tempered(probabilities: NDArray[Any], temperature: float, *, exclusive: bool) -> Floats:
    """Return the probabilities that the logits divided by a temperature give; the decision stays the same.

    Args:
        probabilities: (N, C).
        temperature: above 1 makes them less sure, below 1 surer.
        exclusive: they sum to 1 (softmax); else each stands for itself (sigmoid).

    Example:
        >>> tempered(np.array([[0.8, 0.2]]), 2.0, exclusive=True).round(3).tolist()
        [[0.667, 0.333]]
    """
    sure = np.clip(np.asarray(probabilities, dtype=np.float64), _EPSILON, 1 - _EPSILON)
    if exclusive:
        powers = np.exp((np.log(sure) - np.log(sure).max(-1, keepdims=True)) / temperature)
        return np.asarray(powers / powers.sum(-1, keepdims=True))
    return np.asarray(1 / (1 + ((1 - sure) / sure) ** (1 / temperature)))


def fitted_temperature(probabilities: NDArray[Any], target: NDArray[Any], *, exclusive: bool) -> float:
    """Return the temperature, from `LEAST` to `MOST`, under which the truth is likeliest.

    Args:
        probabilities: (N, C).
        target: (N,) class indices, or (N, C) presences.
        exclusive: as in `tempered`.

    Example:
        >>> sure = np.array([[0.99, 0.01]] * 4)
        >>> said = tempered(sure, fitted_temperature(sure, np.array([0, 0, 0, 1]), exclusive=True), exclusive=True)
        >>> said[0].round(2).tolist()
        [0.75, 0.25]
    """
    present = np.eye(probabilities.shape[1], dtype=bool)[target] if target.ndim == 1 else target.astype(bool)

    def surprise(sharpness: float) -> float:
        probability = np.clip(tempered(probabilities, 1 / sharpness, exclusive=exclusive), _EPSILON, 1 - _EPSILON)
        right = np.log(probability[present]).sum()
        return -float(right if exclusive else right + np.log(1 - probability[~present]).sum())

    # The surprise is convex in the sharpness 1/T, so thirds of the interval can be left out one by one.
    low, high = 1 / MOST, 1 / LEAST
    for _ in range(_STEPS):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if surprise(left) < surprise(right) else (left, high)
    return round(2 / (low + high), 4)
