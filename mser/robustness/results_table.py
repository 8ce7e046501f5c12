"""The results of `mser robustness` in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mser.report.printed import between, with_interval
from mser.report.robustness import Change, Robustness
from mser.report.robustness_words import about_dropout, condition, pull
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
        if part.conditions and part.conditions[0].by_label:
            console.print(Padding(_of_labels(part), (0, 0, 1, 0)))
        if any(row.kind in ("no_text", "no_speech") for row in part.conditions):
            console.print(about_dropout(part.dropout))
        if part.unfinished:
            console.print(f"not finished: {', '.join(part.unfinished)}")
    console.print(Text(f"mser report {run.folder}", "cyan"), "draws the curves.")


def _table(part: Robustness) -> Table:
    """Return a row per condition: the first score with its interval and difference, and the second score alone."""
    first, second = part.floor
    table = new_table("condition", f"{_head(first)}, 95%", "difference, 95%", _head(second))
    for row in part.ordered(first):
        name = Text(condition(row), no_wrap=True)
        figures = with_interval(row.scores[first], first), difference(row.scores[first], first)
        table.add_row(name, *figures, shown(second, row.scores[second].mean))
    table.add_section()
    floors = [Text(shown(name, part.floor[name]), "dim") for name in (first, second)]
    table.add_row(Text("floor", "dim"), floors[0], "", floors[1])
    return table


def _of_labels(part: Robustness) -> Table:
    """Return a row per condition: how well each label is told, and how many of the answers name it."""
    labels = list(part.conditions[0].by_label)
    names, title = "/".join(labels), measure(f"{part.label_score}_").title.removesuffix(" of ")
    named = part.conditions[0].by_label[labels[0]].share is not None
    table = new_table("condition", f"{title} of\n{names}", *(["answers,\n%", "most\nmoved"] if named else []))
    for row in part.ordered(next(iter(part.floor))):
        by_label = [row.by_label[label] for label in labels]
        scores = "/".join(_short(part.label_score, one.score) for one in by_label)
        shares = "/".join(f"{100 * one.share:.0f}" for one in by_label if one.share is not None)
        answers: list[RenderableType] = [shares, Text(pull(row, part.conditions[0]), "dim")] if named else []
        table.add_row(Text(condition(row), no_wrap=True), scores, *answers)
    return table


def _short(score: str, value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}" if measure(f"{score}_").unit else f"{value:.2f}"


def difference(change: Change, name: str) -> str:
    """Return how far a condition is from the models as they are; nothing for these themselves."""
    if change.since is None:
        return ""
    value, ends = change.since.difference, change.since.difference_interval
    sign = "+" if (value or 0) > 0 else ""
    return f"{sign}{shown(name, value)}{f' {between(ends, name)}' if ends else ''}"


def _head(name: str) -> str:
    return f"{measure(name).title} {measure(name).unit}".strip()
