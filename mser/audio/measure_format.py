"""How a measure of a recording is shown: its name, its unit and its digits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MeasureFormat:
    """How a measure is shown.

    Attributes:
        title: its name.
        unit: behind a value; empty for a share.
        digits: behind the point.
        least: the narrowest range worth drawing, the smallest difference worth speaking of.
        short: its name where there is little room.
    """

    title: str
    unit: str
    digits: int
    least: float
    short: str = ""

    def number(self, value: float) -> str:
        """Return a value as it is printed."""
        return f"{round(value, self.digits) + 0.0:.{self.digits}f}"  # adding 0 makes -0 a 0

    def in_words(self, value: float) -> str:
        """Return a value with its unit.

        Example:
            >>> MeasureFormat("level", "dB", 1, 3.0).in_words(-23.04)
            '-23.0 dB'
        """
        return f"{self.number(value)} {self.unit}".rstrip()
