"""The report in the terminal: its answer, one compact table, and where the page is."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mser.report import words
from mser.report.runs import Json

_LOOK = {"leak": "bold red", "note": "yellow", "sound": "green"}


def show(report: Json, path: Path) -> None:
    """Print the answer, the folds of one run or a row per run, what the audit found, and the page's path."""
    console = Console(highlight=False)
    runs = report["runs"]
    console.print()
    console.print(Text(report["title"], style="bold"))
    console.print(Text(report["answer"]))
    table = _compared(runs) if len(runs) > 1 else _folds(runs[0])
    console.print(Padding(table, (1, 0)))
    for finding in words.findings(runs[0]["protocol"]["audit"]):
        if finding.level != "sound":
            console.print(Text.assemble((finding.level, _LOOK[finding.level]), f"  {finding.text}"))
    console.print(Text(str(path), style="cyan"), soft_wrap=True)


def _folds(run: Json) -> Table:
    table = _table("fold", "test", "UA %", "WA %", "wF1 %", "floor UA")
    for fold in run["folds"]:
        if fold["mean"]:
            scores = [words.percent(fold["mean"][name]) for name in ("ua", "wa", "weighted_f1")]
            floor = words.percent(fold["floor"]["ua"])
        else:
            scores, floor = ["missing", "", ""], ""
        table.add_row(f"{fold['number']} {fold['name']}", str(fold["utterances"]["test"]), *scores, Text(floor, "dim"))
    if run["complete"]:
        overall = run["overall"]
        table.add_section()
        means = [Text(words.plus_minus(overall[name]), "bold") for name in ("ua", "wa", "weighted_f1")]
        table.add_row(Text("mean", "bold"), "", *means, Text(words.percent(overall["ua"]["floor"]), "dim"))
        table.add_row(
            "pooled", "", *[words.percent(overall[name]["pooled"]) for name in ("ua", "wa", "weighted_f1")], ""
        )
    return table


def _compared(runs: list[Json]) -> Table:
    table = _table("run", "seeds", "UA %", "WA %", "wF1 %", "floor UA")
    best = max((run["overall"]["ua"]["mean"] for run in runs if run["complete"]), default=None)
    for run in runs:
        if not run["complete"]:
            table.add_row(run["name"], str(len(run["seeds"])), Text("partial", "yellow"), "", "", "")
            continue
        overall = run["overall"]
        style = "bold" if overall["ua"]["mean"] == best else ""
        scores = [Text(words.plus_minus(overall[name]), style) for name in ("ua", "wa", "weighted_f1")]
        floor = Text(words.percent(overall["ua"]["floor"]), "dim")
        table.add_row(Text(run["name"], style), str(len(run["seeds"])), *scores, floor)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first, justify="left")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table
