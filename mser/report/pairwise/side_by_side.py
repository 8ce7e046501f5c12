"""Several runs in one table each: what a reader would otherwise look up in every run's own part of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mser.runs.run import Json
from mser.scoring.measures import measure

_KINDS = ("styles", "near_copies", "genders")
_OF_EACH = {"multi_label": ("binary", "balanced_accuracy"), "scores": ("attributes", "ccc")}


class Beside(NamedTuple):
    """A table with a row per run.

    Attributes:
        title: what it is about.
        score: what its cells are, for their unit and which way is better.
        files: the tables of `mser.report.tables` that hold it.
        columns: the heads of the cells.
        rows: (run's name, a figure per column), a figure as `mser.report.figures.figures` returns it.
        best: for each column the greatest mean, or the least of an error; None where all are the same.
    """

    title: str
    score: str
    files: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Json]]]
    best: Sequence[float | None]


def side_by_side(runs: Sequence[Json]) -> list[Beside]:
    """Return the tables that compare complete runs: each class, label or score, and each kind of utterance."""
    whole = [run for run in runs if run["complete"]]
    if len(whole) < 2:
        return []
    score = whole[0]["headline"][0]
    kinds = [{kind: figure for key in _KINDS for kind, figure in _kinds(run, key, score).items()} for run in whole]
    title = f"{measure(score).title} of each kind of utterance"
    return [table for table in (_each(whole), _table(title, score, _KINDS, whole, kinds)) if table]


def _each(whole: Sequence[Json]) -> Beside | None:
    if whole[0]["classes"]:
        recalls = [{label: entry["recall"] for label, entry in run["classes"].items()} for run in whole]
        return _table("Recall of each class", "recall", ("classes",), whole, recalls)
    section, kind = _OF_EACH[whole[0]["protocol"]["task"]]
    labels = whole[0]["protocol"]["labels"]
    if not whole[0][section]:
        return None
    figures = [{label: run[section][f"{kind}_{label}"] for label in labels} for run in whole]
    title = f"{measure(kind).title} of each {'label' if section == 'binary' else 'score'}"
    return _table(title, kind, (section,), whole, figures)


def _kinds(run: Json, key: str, score: str) -> Mapping[str, Json]:
    """Return the pooled score of each kind of utterance as a figure, which has no interval."""
    return {
        kind: {"mean": entry[score]["pooled"], "interval": None}
        for kind, entry in (run[key] or {}).items()
        if entry[score]["pooled"] is not None
    }


def _table(
    title: str, score: str, files: Sequence[str], whole: Sequence[Json], figures: Sequence[Mapping[str, Any]]
) -> Beside | None:
    return beside(title, score, files, [(run["name"], found) for run, found in zip(whole, figures, strict=True)])


def beside(
    title: str, score: str, files: Sequence[str], runs: Sequence[tuple[str, Mapping[str, Any]]]
) -> Beside | None:
    """Return a table of what all runs have; None where that is nothing.

    Args:
        title: what it is about.
        score: what its cells are.
        files: the tables that hold it.
        runs: (name, figure by column) of each.
    """
    columns = [name for name in runs[0][1] if all(name in found for _, found in runs)]
    if not columns:
        return None
    best = [_best(score, [found[name]["mean"] for _, found in runs]) for name in columns]
    rows = [(run, [found[name] for name in columns]) for run, found in runs]
    return Beside(title, score, files, columns, rows, best)


def _best(score: str, means: Sequence[float | None]) -> float | None:
    known = [mean for mean in means if mean is not None]
    if len(set(known)) < 2:
        return None
    return max(known, key=lambda mean: measure(score).better * mean)
