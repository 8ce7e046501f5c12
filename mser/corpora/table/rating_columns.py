"""The columns of a table that say what raters chose."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from mser.corpora.text_files import garbled, number, short
from mser.manifest import Rating

RATED = ("votes", "rater")
"""What several columns hold together: how many raters chose each label, by its name; or what each rater chose."""
_MOST_VOTES = 1000


def ratings_of(cells: Mapping[str, Sequence[str]], named: Mapping[str, Sequence[str]]) -> tuple[Rating, ...]:
    """Return what the raters of a row said; nothing where there are no such columns.

    Args:
        cells: of the row, by role.
        named: the names of their columns.

    Raises:
        ValueError: if a number of votes is none, or nobody voted at all.
    """
    if not any(role in named for role in RATED):
        return ()
    said = zip(named.get("rater", ()), cells.get("rater", ()), strict=True)
    ratings = [Rating(name, (_word(cell, name),)) for name, cell in said if cell]
    for label, cell in zip(named.get("votes", ()), cells.get("votes", ()), strict=True):
        ratings += [Rating(f"{label} {place}", (label,)) for place in range(1, _votes(cell, label) + 1)]
    if not ratings:
        columns = ", ".join(name for role in RATED for name in named.get(role, ()))
        raise ValueError(f"its votes sum to 0 ({columns}): nobody rated it; delete the row, or fill them in")
    return tuple(ratings)


def most(ratings: Sequence[Rating]) -> str | None:
    """Return what most raters chose; None where several labels tie.

    Example:
        >>> most([Rating("a", ("sad",)), Rating("b", ("sad",)), Rating("c", ("happy",))])
        'sad'
    """
    ranked = Counter(rating.labels[0] for rating in ratings).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _votes(text: str, name: str) -> int:
    value = number(text or "0")
    if value is None or not 0 <= value <= _MOST_VOTES or value != int(value):
        expected = f"how many raters chose it, a whole number from 0 to {_MOST_VOTES}; multiply shares by the raters"
        raise ValueError(f"its {name} is {short(text)}; expected {expected}")
    return int(value)


def _word(cell: str, name: str) -> str:
    if wrong := garbled(cell):
        raise ValueError(f"its {name} is {wrong}; mend it or delete the row")
    return sys.intern(cell)
