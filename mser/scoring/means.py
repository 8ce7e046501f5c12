"""Means over what is defined: a score that a fold cannot give takes no part."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from statistics import fmean, stdev


def mean(values: Iterable[float]) -> float:
    """Return the mean of the numbers that are defined; NaN if none is.

    Example:
        >>> mean([0.75, float("nan"), 0.25])
        0.5
    """
    defined = [value for value in values if not isnan(value)]
    return fmean(defined) if defined else float("nan")


def sd(values: Iterable[float]) -> float | None:
    """Return the sample standard deviation (n - 1) of the numbers that are defined; None for fewer than two.

    Example:
        >>> sd([0.75, float("nan"), 0.75]), sd([0.75])
        (0.0, None)
    """
    defined = [value for value in values if not isnan(value)]
    return stdev(defined) if len(defined) > 1 else None


def defined(value: float) -> float | None:
    """Return None for NaN, which JSON cannot hold."""
    return None if isnan(value) else value
