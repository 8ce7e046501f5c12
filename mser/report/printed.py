"""How numbers are printed: scores with their intervals, p values, and how many speakers there were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mser.report.figures import Interval
from mser.scoring.measures import shown


class Sure(Protocol):
    """A mean, and the interval that a reader should take it for."""

    @property
    def mean(self) -> float | None:
        """None where it is not defined."""

    @property
    def surest(self) -> Interval | None:
        """None where nothing tells."""


def percent(value: float | None) -> str:
    """Return a share as percent with one decimal, or a dash for what is not defined.

    Example:
        >>> percent(0.69178), percent(None)
        ('69.2', '–')
    """
    return shown("wa", value)


def with_interval(figure: Sure, name: str) -> str:
    """Return a score and its 95 % interval, or the score alone where nothing tells how sure it is.

    Example:
        >>> from mser.report.figures import Estimate
        >>> with_interval(Estimate(0.6917, (0.651, 0.73)), "ua"), with_interval(Estimate(0.71, None), "mae")
        ('69.2 [65.1, 73.0]', '0.710')
    """
    return shown(name, figure.mean) + (f" {between(figure.surest, name)}" if figure.surest else "")


def between(ends: Interval | None, name: str) -> str:
    """Return an interval, or a dash for none.

    Example:
        >>> between((0.651, 0.73), "ua"), between(None, "ua")
        ('[65.1, 73.0]', '–')
    """
    return f"[{', '.join(shown(name, end) for end in ends)}]" if ends else "–"


def p_value(p: float) -> str:
    """Return a p value as it is printed.

    Example:
        >>> p_value(0.0312), p_value(0.00004), p_value(1.0)
        ('p = 0.031', 'p < 0.001', 'p = 1.000')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def counted(unit: str, number: int, unnamed: Mapping[str, int]) -> str:
    """Return how many clusters there are, by kind.

    Args:
        unit: what most of them are; see `mser.scoring.clusters.Clusters`.
        number: of all of them.
        unnamed: how many are no such unit, by kind.

    Example:
        >>> counted("speaker", 11, {"utterance": 1})
        '10 speakers and 1 utterance without a speaker'
    """
    kinds = {unit: number - sum(unnamed.values())} | dict(unnamed)
    named, *others = [f"{number} {kind}{'s' if number != 1 else ''}" for kind, number in kinds.items()]
    without = " without a speaker" if unit == "speaker" else " without a group"
    return " and ".join([named, *(f"{other}{without}" for other in others)])
