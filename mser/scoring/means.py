"""Means over what is defined: a score that a fold cannot give takes no part."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from statistics import fmean, stdev


def spread(values: Iterable[float]) -> dict[str, float | None]:
    """Return the mean and the sample standard deviation (n - 1) of the numbers that are defined.

    Example:
        >>> spread([0.75, 0.25])["mean"], spread([0.75, float("nan")])
        (0.5, {'mean': 0.75, 'sd': None})
    """
    known = [value for value in values if not isnan(value)]
    return {"mean": fmean(known) if known else None, "sd": stdev(known) if len(known) > 1 else None}


def mean(values: Iterable[float]) -> float:
    """Return the mean of the numbers that are defined; NaN if none is."""
    found = spread(values)["mean"]
    return float("nan") if found is None else found


def defined(value: float) -> float | None:
    """Return None for NaN, which JSON cannot hold."""
    return None if isnan(value) else value
