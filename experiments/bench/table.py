"""The one table of all measurements: what was found, what was wanted, and whether it is so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes:
        what: is measured.
        value: as found.
        unit: of the value.
        least: the goal, where it is a least value.
        most: the goal, where it is a greatest value.
        note: what else one should know; why, where Hugging Face does better.
    """

    what: str
    value: float
    unit: str = "x"
    least: float | None = None
    most: float | None = None
    note: str = ""

    @property
    def goal(self) -> str:
        """What was wanted; empty where nothing was."""
        if self.least is not None:
            return f">= {self.least:g} {self.unit}"
        return f"<= {self.most:g} {self.unit}" if self.most is not None else ""

    @property
    def verdict(self) -> str:
        """``met`` or ``missed``; empty without a goal."""
        if self.value != self.value:
            return "not measured"
        if self.least is None and self.most is None:
            return ""
        met = self.value >= self.least if self.least is not None else self.value <= (self.most or 0)
        return "met" if met else "missed"


def show(rows: Sequence[Row]) -> None:
    """Print the rows as a Markdown table."""
    print("| measured | value | goal | verdict | note |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {row.value:.3g} {row.unit} | {row.goal} | {row.verdict} | {row.note} |")
