"""How long ``mser --help`` takes to answer."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from interleave import Clock, Figures, Rounds, alone, middle
from table import Row

ROUNDS = 1
CALLS = 11


def _help() -> Figures:
    seconds = []
    for _ in range(CALLS):
        clock = Clock()
        subprocess.run([sys.executable, "-m", "mser", "--help"], check=True, stdout=subprocess.DEVNULL)
        seconds.append(clock.read()["seconds"])
    return {"seconds": median(seconds)}


VARIANTS = {"mser --help": _help}


def rows(rounds: Rounds) -> list[Row]:
    """Return the median."""
    return [Row("start-up: mser --help", middle(rounds, "mser --help", "seconds"), "s", most=0.15)]


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
