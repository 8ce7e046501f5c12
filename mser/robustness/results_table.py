"""The results of `mser robustness` in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mser.report.printed import between, with_interval
from mser.report.robustness import Change, Robustness
from mser.report.robustness_words import about_dropout, condition
from mser.report.sentences import missing
from mser.report.terminal import new_table
from mser.runs.run import Run
from mser.scoring.measures import measure, shown


def show(run: Run, parts: Sequence[Robustness]) -> None:
    """Print a table per part, and what must be known to read it."""
    console = Console(highlight=False)
    if run.missing:
        console.print(f"{run.name} is partial, so there is no table: no result for {missing(run.missing)}")
        return
    for part in parts:
        console.print(Text(f"\n{run.name}, {part.part}", "bold"))
        console.print(Padding(_table(part), (1, 0)))
        if any(row.kind in ("no_text", "no_speech") for row in part.conditions):
            console.print(about_dropout(part.dropout))
        if part.unfinished:
            console.print(f"not finished: {', '.join(part.unfinished)}")
    console.print(Text(f"mser report {run.folder}", "cyan"), "draws the curves.")


def _table(part: Robustness) -> Table:
    """Return a row per condition: the first score with its interval and difference, and the second score alone."""
    first, second = part.floor
    table = new_table("condition", f"{_head(first)}, 95%", "difference, 95%", _head(second))
    for row in part.conditions:
        name = Text(condition(row), no_wrap=True)
        figures = with_interval(row.scores[first], first), difference(row.scores[first], first)
        table.add_row(name, *figures, shown(second, row.scores[second].mean))
    table.add_section()
    floors = [Text(shown(name, part.floor[name]), "dim") for name in (first, second)]
    table.add_row(Text("floor", "dim"), floors[0], "", floors[1])
    return table


def difference(change: Change, name: str) -> str:
    """Return how far a condition is from the models as they are; nothing for these themselves."""
    if change.since is None:
        return ""
    value, ends = change.since.difference, change.since.difference_interval
    sign = "+" if (value or 0) > 0 else ""
    return f"{sign}{shown(name, value)}{f' {between(ends, name)}' if ends else ''}"


def _head(name: str) -> str:
    return f"{measure(name).title} {measure(name).unit}".strip()
