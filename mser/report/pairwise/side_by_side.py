"""Several runs in one table each: what a reader would otherwise look up in every run's own part of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mser.report.figures import Estimate, Figure
from mser.report.printed import Sure
from mser.report.summary import Summary
from mser.scoring.measures import measure

_KINDS = ("styles", "near_copies", "genders")


@dataclass(frozen=True)
class Beside:
    """A table with a row per run.

    Attributes:
        title: what it is about.
        score: what its cells are, for their unit and which way is better.
        files: the tables of `mser.report.tables` that hold it.
        columns: the heads of the cells.
        rows: (run's name, a figure per column).
        best: for each column the greatest mean, or the least of an error; None where all are the same.
    """

    title: str
    score: str
    files: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Sure]]]
    best: Sequence[float | None]


def side_by_side(runs: Sequence[Summary]) -> list[Beside]:
    """Return the tables that compare complete runs: each class, label or score, and each kind of utterance."""
    whole = [run for run in runs if run.complete]
    if len(whole) < 2:
        return []
    score = whole[0].headline[0]
    kinds = [(run.name, _kinds(run, score)) for run in whole]
    title = f"{measure(score).title} of each kind of utterance"
    return [table for table in (_each(whole), beside(title, score, _KINDS, kinds)) if table]


def _each(whole: Sequence[Summary]) -> Beside | None:
    """Return the table of each class, label or score; None for a lone score."""
    parts = [run.full.by_label for run in whole]
    names = [run.name for run in whole]
    if classes := [part.classes for part in parts if part.classes]:
        recalls = [{label: entry.scores["recall"] for label, entry in one.items()} for one in classes]
        return beside("Recall of each class", "recall", ("classes",), list(zip(names, recalls, strict=True)))
    if binary := [part.binary.scores for part in parts if part.binary]:
        return _of_labels(whole, binary, "balanced_accuracy", "binary", "label")
    attributes = [part.attributes for part in parts if part.attributes]
    return _of_labels(whole, attributes, "ccc", "attributes", "score") if attributes else None


def _of_labels(
    whole: Sequence[Summary], scores: Sequence[Mapping[str, Figure]], kind: str, file: str, what: str
) -> Beside | None:
    labels = whole[0].protocol.labels
    figures = [
        (run.name, {label: several[f"{kind}_{label}"] for label in labels})
        for run, several in zip(whole, scores, strict=True)
    ]
    return beside(f"{measure(kind).title} of each {what}", kind, (file,), figures)


def _kinds(run: Summary, score: str) -> Mapping[str, Estimate]:
    """Return the pooled score of each kind of utterance, which has no interval."""
    return {
        kind: Estimate(pooled, None)
        for key in _KINDS
        for kind, entry in (run.full.slices[key] or {}).items()
        if (pooled := entry.scores[score].pooled) is not None
    }


def beside(
    title: str, score: str, files: Sequence[str], runs: Sequence[tuple[str, Mapping[str, Sure]]]
) -> Beside | None:
    """Return a table of what all runs have; None where that is nothing.

    Args:
        title: what it is about.
        score: what its cells are.
        files: the tables that hold it.
        runs: (name, figure by column) of each.
    """
    columns = [name for name in runs[0][1] if all(name in figures for _, figures in runs)]
    if not columns:
        return None
    best = [_best(score, [figures[name].mean for _, figures in runs]) for name in columns]
    rows = [(run, [figures[name] for name in columns]) for run, figures in runs]
    return Beside(title, score, files, columns, rows, best)


def _best(score: str, means: Sequence[float | None]) -> float | None:
    defined = [mean for mean in means if mean is not None]
    if len(set(defined)) < 2:
        return None
    return max(defined, key=lambda mean: measure(score).better * mean)
