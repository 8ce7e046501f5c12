"""How sure a score and a difference are, when utterances come in clusters: the speakers. NumPy alone.

Utterances of one speaker resemble each other, so the speakers are what is resampled. There are few of them: two in
each fold of IEMOCAP. A bootstrap that draws n of n speakers then shrinks the spread by (n - 1)/n, half of it, and its
percentile interval covers 75 to 80 % instead of 95 %. What is done here is how sample surveys, whose strata hold as few
clusters, do it:

- n - 1 of a stratum's n clusters are drawn and weigh n/(n - 1) times as often as they are drawn (Rao and Wu 1988,
  "Resampling inference with complex survey data", JASA 83). With two clusters that is balanced half-sampling.
- The standard error is the root of the mean squared distance of the replicates from the score.
- The interval is Student's t with (clusters - strata) degrees of freedom (Korn and Graubard 1999, "Analysis of Health
  Surveys", chapter 2), on the scale where the score has no bounds: the logit of a share, Fisher's z of a correlation,
  the logarithm of an error.

`tests/test_statistics.py` checks the coverage by simulation, ten speakers and fewer included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
REPLICATES = 10_000
SEED = 0
Floats = NDArray[np.float64]


def cluster_weights(strata: Sequence[int], replicates: int, rng: np.random.Generator) -> Floats:
    """Return how much each cluster weighs in each replicate, as the head of this file says.

    Args:
        strata: for each of G clusters the number of its stratum; one that is alone in its stratum always weighs 1.
        replicates: R.
        rng: source of randomness.

    Returns:
        (R, G); each stratum's weights sum to the number of its clusters.

    Example:
        >>> weights = cluster_weights([0, 0], 4, np.random.default_rng(0))
        >>> sorted(set(weights.ravel())), set(weights.sum(1))
        ([np.float64(0.0), np.float64(2.0)], {np.float64(2.0)})
    """
    return weighed(strata, cluster_draws(strata, replicates, rng))


def cluster_draws(strata: Sequence[int], replicates: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return how often each cluster is drawn in each replicate, (R, G); see `cluster_weights`."""
    numbers = np.asarray(strata)
    drawn = np.ones((replicates, len(numbers)), dtype=np.int64)
    for stratum in np.unique(numbers):
        members = np.flatnonzero(numbers == stratum)
        if (size := len(members)) > 1:
            drawn[:, members] = rng.multinomial(size - 1, np.full(size, 1 / size), size=replicates)
    return drawn


def weighed(strata: Sequence[int], drawn: NDArray[np.integer]) -> Floats:
    """Return what clusters weigh that are drawn so often, (R, G)."""
    _, stratum, sizes = np.unique(np.asarray(strata), return_inverse=True, return_counts=True)
    return np.asarray(drawn * sizes[stratum] / np.maximum(sizes - 1, 1)[stratum])


def standard_error(estimate: float, replicates: Floats) -> float:
    """Return the root of the mean squared distance of the replicates from the estimate, without those that are NaN.

    NaN where all are, such as those of the precision of a class that is said in one fold of several.

    Example:
        >>> standard_error(1.0, np.array([0.0, 2.0, float("nan")]))
        1.0
        >>> standard_error(1.0, np.full(2, float("nan")))
        nan
    """
    defined = replicates[~np.isnan(replicates)]
    return float(np.sqrt(((defined - estimate) ** 2).mean())) if len(defined) else float("nan")


def interval(
    estimate: float, error: float, freedom: float, scale: str | None = None, level: float = LEVEL
) -> tuple[float, float] | None:
    """Return the 95 % interval of a score or difference; None where nothing tells how sure it is.

    Args:
        estimate: the score.
        error: its standard error.
        freedom: degrees of freedom; below 1 there is no interval.
        scale: ``share`` (0..1), ``agreement`` (-1..1), ``error`` (from 0) or ``gap`` (a share that may well be 0, where
            a logit would leave the upper end open: it is cut at 0); None for what has no bounds.
        level: how often it is to hold the truth, if not in 95 %.

    Example:
        >>> low, high = interval(0.7, 0.02, freedom=5, scale="share")
        >>> round(low, 3), round(high, 3)
        (0.646, 0.749)
    """
    if freedom < 1 or not error > 0:
        return None
    half = student_t(freedom, level) * error
    if scale is None:
        return estimate - half, estimate + half
    if scale == "gap":
        return max(0.0, estimate - half), estimate + half
    there, back, slope = _SCALES[scale]
    if not np.isfinite(slope(estimate)):
        return None
    middle, half = there(estimate), half * slope(estimate)
    return back(middle - half), back(middle + half)


_Function = Callable[[float], float]
_SCALES: dict[str, tuple[_Function, _Function, _Function]] = {
    "share": (
        lambda x: float(np.log(x / (1 - x))),
        lambda y: float((1 + np.tanh(y / 2)) / 2),
        lambda x: 1 / (x * (1 - x)) if 0 < x < 1 else np.inf,
    ),
    "agreement": (
        lambda x: float(np.arctanh(x)),
        lambda y: float(np.tanh(y)),
        lambda x: 1 / (1 - x**2) if -1 < x < 1 else np.inf,
    ),
    "error": (lambda x: float(np.log(x)), lambda y: float(np.exp(y)), lambda x: 1 / x if x > 0 else np.inf),
}
"""The way to the scale without bounds, the way back, and the slope of the way there."""


def student_t(freedom: float, level: float = LEVEL) -> float:
    """Return t such that Student's distribution has `level` of its mass between -t and t.

    The result is within 1e-6 of SciPy's.

    Example:
        >>> [round(student_t(freedom), 3) for freedom in (1, 5, 30)]
        [12.706, 2.571, 2.042]
    """
    angles, mass = _student(freedom)
    return float(np.sqrt(freedom) * np.tan(np.interp(level, mass, angles)))


def student_p(statistic: float, freedom: float) -> float:
    """Return the two-sided p value of Student's t: the mass beyond -t and t.

    Example:
        >>> round(student_p(2.571, 5), 3), student_p(0.0, 5)
        (0.05, 1.0)
    """
    angles, mass = _student(freedom)
    return float(1 - np.interp(np.arctan(abs(statistic) / np.sqrt(freedom)), angles, mass))


@lru_cache(maxsize=8)
def _student(freedom: float) -> tuple[Floats, Floats]:
    """Return angles and the mass of Student's distribution within each, on either side.

    With x = sqrt(freedom) tan(a) the density becomes cos(a)^(freedom - 1), which is summed up on a grid.
    """
    # Beyond 40 standard deviations nothing is left, so that a large `freedom` is still seen in detail.
    last = np.arctan(40 / np.sqrt(freedom)) if freedom > 100 else np.pi / 2
    angles = np.linspace(0, last, 20_001)
    density = np.cos(angles) ** (freedom - 1)
    mass = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return angles, mass / mass[-1]


def sign_flips(clusters: int, rng: np.random.Generator, most: int = REPLICATES) -> tuple[NDArray[np.int8], bool]:
    """Return which clusters swap the two models, and whether these are all ways to do so.

    Returns:
        (P, G) of 1 (as it is) and -1 (swapped), the first row all ones; all 2^G rows if there are at most `most`, else
        `most` random ones below the first.

    Example:
        >>> signs, exact = sign_flips(2, np.random.default_rng(0))
        >>> signs.tolist(), exact
        ([[1, 1], [-1, 1], [1, -1], [-1, -1]], True)
    """
    if clusters < 63 and 2**clusters <= most:
        bits = np.arange(2**clusters)[:, None] >> np.arange(clusters) & 1
        return (1 - 2 * bits).astype(np.int8), True
    random = rng.choice(np.array([1, -1], dtype=np.int8), size=(most, clusters))
    return np.vstack([np.ones((1, clusters), dtype=np.int8), random]), False


def permutation_p(differences: Floats) -> float:
    """Return the two-sided p value of the first difference among those of all flips, itself included.

    Example:
        >>> permutation_p(np.array([0.3, 0.1, -0.1, -0.3]))
        0.5
    """
    defined = differences[~np.isnan(differences)]
    return float((np.abs(defined) >= abs(differences[0]) - 1e-12).mean())


def mcnemar(only_one: int, only_other: int) -> float:
    """Return McNemar's exact two-sided p value, which takes utterances for independent.

    Args:
        only_one: utterances that only the first model got right.
        only_other: those that only the second did.

    Example:
        >>> round(mcnemar(2, 8), 4), mcnemar(0, 0)
        (0.1094, 1.0)
    """
    total = only_one + only_other
    ways = tail = 1  # whole numbers, since 2 ** -total is no longer a float above a thousand
    for k in range(min(only_one, only_other)):
        ways = ways * (total - k) // (k + 1)
        tail += ways
    return min(1.0, float(2 * tail / 2**total))


def holm(values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number (Holm 1979), in the order given.

    Example:
        >>> holm([0.04, 0.01, 0.03])
        [0.06, 0.03, 0.06]
    """
    order = sorted(range(len(values)), key=lambda place: values[place])
    corrected, highest = [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = highest
    return corrected
