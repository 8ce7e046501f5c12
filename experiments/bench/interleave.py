"""Variants of the same work side by side: each in a process of its own, one after the other, round by round."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from material import QUICK
from table import Row, show

Figures = dict[str, Any]
Variant = Callable[[], Figures]
Rounds = dict[str, list[Figures]]
"""Of each variant what it measured in each round."""


class Clock:
    """Wall-clock seconds and those of all threads of this process, since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = perf_counter(), process_time()

    def read(self) -> Figures:
        """Return both."""
        return {"seconds": perf_counter() - self._wall, "cpu": process_time() - self._cpu}


def compare(script: Path, variants: Mapping[str, Variant], rounds: int) -> Rounds:
    """Return the figures of all variants; noise of the machine falls on all of them alike."""
    found: Rounds = {name: [] for name in variants}
    for _ in range(rounds):
        for name in variants:
            print(f"{script.stem}: {name}", file=sys.stderr)
            found[name].append(_here(variants[name]) if QUICK else _in_a_process(script, name))
    return found


def ratio(rounds: Rounds, over: str, under: str, what: str = "seconds") -> float:
    """Return how much more of something one variant takes than the other: the median over the rounds."""
    pairs = zip(rounds[over], rounds[under], strict=True)
    return median(one[what] / other[what] for one, other in pairs)


def middle(rounds: Rounds, name: str, what: str) -> float:
    """Return a variant's median."""
    return median(figures[what] for figures in rounds[name])


def alone(script: str, variants: Mapping[str, Variant], rows: Callable[[Rounds], list[Row]], rounds: int) -> None:
    """Be the command line of one measurement: all variants and their table, or one of them in this process."""
    parser = ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--only", choices=list(variants), help="run this variant here and print its figures")
    given = parser.parse_args()
    if given.only:
        print(json.dumps(variants[given.only]()))
    else:
        show(rows(compare(Path(script), variants, given.rounds)))


def _here(variant: Variant) -> Figures:
    """Return a variant's figures without a process of its own, whose imports would take most of the time."""
    return {**variant(), "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def _in_a_process(script: Path, name: str) -> Figures:
    """Return what the variant printed last, and the most memory that its process held, in GB."""
    command = [sys.executable, str(script), "--only", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        printed = child.stdout.read() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{script.name} --only {name} ended with {child.returncode}")
    return {**json.loads(printed.splitlines()[-1]), "peak_gb": usage.ru_maxrss / 1e6}
