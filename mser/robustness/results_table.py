"""The results of `mser robustness` in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mser.report import sentences as words
from mser.report.robustness_words import about_dropout, condition
from mser.report.terminal import new_table
from mser.runs.run import Json, Run
from mser.scoring.measures import measure, shown


def show(run: Run, scores: Sequence[Json]) -> None:
    """Print a table per part, and what must be known to read it."""
    console = Console(highlight=False)
    if run.missing:
        facts = {"missing": [{"seed": seed, "fold": fold} for seed, fold in run.missing]}
        console.print(f"{run.name} is partial, so there is no table: no result for {words.missing(facts)}")
        return
    for part in scores:
        console.print(Text(f"\n{run.name}, {part['part']}", "bold"))
        console.print(Padding(_table(part), (1, 0)))
        if any(row["kind"] in ("no_text", "no_speech") for row in part["conditions"]):
            console.print(about_dropout(part["dropout"]))
        if part["unfinished"]:
            console.print(f"not finished: {', '.join(part['unfinished'])}")
    console.print(Text(f"mser report {run.folder}", "cyan"), "draws the curves.")


def _table(part: Json) -> Table:
    """Return a row per condition: the first score with its interval and difference, and the second score alone."""
    first, second = part["floor"]
    table = new_table("condition", f"{_head(first)}, 95%", "difference, 95%", _head(second))
    for row in part["conditions"]:
        name = Text(condition(row), no_wrap=True)
        figures = words.with_interval(row[first], first), difference(row[first], first)
        table.add_row(name, *figures, shown(second, row[second]["mean"]))
    table.add_section()
    floors = [Text(shown(name, part["floor"][name]), "dim") for name in (first, second)]
    table.add_row(Text("floor", "dim"), floors[0], "", floors[1])
    return table


def difference(figure: Json, name: str) -> str:
    """Return how far a condition is from the models as they are; nothing for these themselves."""
    if "difference" not in figure:
        return ""
    sign = "+" if (figure["difference"] or 0) > 0 else ""
    ends = figure["difference_interval"]
    return f"{sign}{shown(name, figure['difference'])}{f' {words.between(ends, name)}' if ends else ''}"


def _head(name: str) -> str:
    return f"{measure(name).title} {measure(name).unit}".strip()
