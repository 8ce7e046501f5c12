"""The report in the terminal: its answer, one compact table, and where the page is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mser.report import sentences
from mser.report.audit_findings import findings
from mser.report.by_label import ClassScores
from mser.report.contents import Report
from mser.report.doubts import best_shortcut
from mser.report.figures import Interval
from mser.report.pairwise.pair import Pair
from mser.report.printed import with_interval
from mser.report.searches.searched import finding
from mser.report.summary import Summary
from mser.scoring.measures import measure, shown
from mser.scoring.metrics import OF_A_CLASS

_LOOK = {"leak": "bold red", "note": "yellow", "sound": "green"}


def show(report: Report, path: Path) -> None:
    """Print the answer, the folds of one run or a row per run, what the audit found, and the page's path."""
    console = Console(highlight=False)
    runs = report.runs
    console.print()
    console.print(Text(report.title, style="bold"))
    console.print(Text(report.answer))
    table = _compared(runs) if len(runs) > 1 else _folds(runs[0])
    console.print(table)
    if len(runs) == 1 and runs[0].sections and (classes := runs[0].sections.by_label.classes):
        console.print(_classes(classes))
    if report.comparison and report.comparison.pairs:
        console.print(_lines(_pair_lines(report.comparison.pairs)))
        console.print(Text(report.comparison.family, "dim"), "")
    notes = report.late_fusion.notes if report.late_fusion else ()
    console.print(_lines([*_warned(report), *((Text("note", _LOOK["note"]), note) for note in notes)]))
    console.print(Text("page  ").append(str(path), style="cyan"), soft_wrap=True)


def _lines(marked: Iterable[tuple[Text, str]]) -> Table:
    """Return sentences behind what marks them, each wrapped beside its mark."""
    lines = Table.grid(padding=(0, 2, 0, 0))
    for mark, sentence in marked:
        lines.add_row(mark, Text(sentence))
    return lines


def _pair_lines(pairs: Sequence[Pair]) -> Iterator[tuple[Text, str]]:
    """Yield a line for every two runs of which one is better; how many others there are; or all there is to say."""
    better = [pair for pair in pairs if pair.is_better]
    unclear = sum(pair.verdict == "unclear" for pair in pairs)
    for pair in better if len(pairs) > 1 else pairs:
        yield Text("*" if pair in better else "·"), pair.sentence
    if len(pairs) > 1:
        if unclear:
            yield Text("·"), f"{unclear} of {len(pairs)} pairs cannot be told apart; see the page"
        if open_ := len(pairs) - len(better) - unclear:
            yield Text("·"), f"{open_} of {len(pairs)} pairs cannot be decided: {sentences.UNDECIDABLE}; see the page"


def _warned(report: Report) -> Iterator[tuple[Text, str]]:
    """Yield what the audit found, how often the test parts were opened, and doubts."""
    runs = report.runs
    reads = any(run.model.text for run in runs)
    warnings = [("", line) for line in findings(runs[0].protocol.audit, reads=reads)]
    for run in runs:
        whose = f"{run.name}: " if len(runs) > 1 else ""
        origin = finding(run.searched, part=run.part)
        findings_of_run = [sentences.opened(run.tested, part=run.part), *([origin] if origin else []), *run.doubts]
        warnings += [(whose, line) for line in findings_of_run]
    for whose, line in warnings:
        if line.level != "sound":
            yield Text(line.level, _LOOK[line.level]), f"{whose}{line.text}"
    for note in report.comparison.notes if report.comparison else ():
        yield Text("note", _LOOK["note"]), note
    for warning in report.published.above if report.published else ():
        yield Text("doubt", _LOOK["leak"]), warning


def _folds(run: Summary) -> Table:
    names = run.columns
    table = new_table("fold", run.part, *map(_head, names))
    for fold in run.folds:
        scores = [shown(name, fold.mean[name]) for name in names] if fold.mean else ["missing"]
        table.add_row(f"{fold.number} {fold.name}", str(fold.utterances[run.judged_part]), *scores)
    if len(run.folds) == 1 and len(run.seeds) > 1:
        for seed in run.folds[0].seeds:
            table.add_row(Text(f"  seed {seed.seed}", "dim"), "", *[shown(name, seed.scores[name]) for name in names])
    if run.complete:
        _overall(table, run)
    return table


def _overall(table: Table, run: Summary) -> None:
    names, figures = run.columns, [run.overall[name] for name in run.columns]
    table.add_section()
    means = [Text(shown(name, figure.mean), "bold") for name, figure in zip(names, figures, strict=True)]
    table.add_row(Text("mean", "bold"), "", *means)
    _interval(table, names, [figure.method_interval for figure in figures], of="")
    _interval(table, names, [figure.interval for figure in figures], of=", these models")
    rows = {
        "sd, folds": [figure.sd for figure in figures],
        "sd, seeds": [figure.sd_over_seeds for figure in figures],
        "pooled": [figure.pooled for figure in figures] if len(run.folds) > 1 else [],
        "floor": [figure.floor for figure in figures],
    }
    for title, values in rows.items():
        if any(value is not None for value in values):
            cells = [shown(name, value) for name, value in zip(names, values, strict=True)]
            table.add_row(Text(title, "dim"), "", *cells)
    if best := best_shortcut(run):
        table.add_row(Text("shortcut", "dim"), "", *[shown(name, best.scores[name].mean) for name in names])


def _interval(table: Table, names: Sequence[str], intervals: Sequence[Interval | None], *, of: str) -> None:
    """Add a row for each end, where the first score has an interval."""
    if not intervals[0]:
        return
    for title, end in (("from, 95%", 0), ("to, 95%", 1)):
        cells = [shown(name, ends[end] if ends else None) for name, ends in zip(names, intervals, strict=True)]
        table.add_row(Text(f"  {title}{of}", "dim" if of else ""), "", *cells)


def _classes(classes: Mapping[str, ClassScores]) -> Table:
    """Return precision, recall and F1 of each class, and its support: how many utterances it has."""
    table = new_table("class", "support", *map(_head, OF_A_CLASS))
    for label, entry in classes.items():
        table.add_row(label, str(entry.utterances), *[shown(name, entry.scores[name].mean) for name in OF_A_CLASS])
    return table


def _compared(runs: Sequence[Summary]) -> Table:
    names = runs[0].headline
    table = new_table("run", "seeds", *[f"{_head(name)}, 95%" for name in names])
    ranked = sentences.ranked(runs)
    for run in runs:
        style = "bold" if run in ranked[:1] else ""
        if run.complete:
            scores = [Text(with_interval(run.overall[name], name), style) for name in names]
        else:
            scores = [Text("partial", "yellow")]
        table.add_row(Text(run.name, style), str(len(run.seeds)), *scores)
    if ranked:
        floors = [Text(shown(name, ranked[0].overall[name].floor), "dim") for name in names]
        table.add_section()
        table.add_row(Text("floor", "dim"), "", *floors)
        if best := best_shortcut(ranked[0]):
            reached = [Text(shown(name, best.scores[name].mean), "dim") for name in names]
            table.add_row(Text("shortcut", "dim"), "", *reached)
    return table


def _head(name: str) -> str:
    return f"{measure(name).title} {measure(name).unit}".strip().replace(" (", "\n(")


def new_table(first: str, *others: str) -> Table:
    """Return an empty table: words on the left, numbers on the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first, justify="left")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True, vertical="bottom")
    return table
