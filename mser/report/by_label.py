"""What a complete run says of each of its labels or scores, and the picture of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mser.report.figures import Figure, figures, pooled
from mser.report.json_layout import FLAT, KNOWN
from mser.runs.run import Run
from mser.scoring.clusters import Clusters
from mser.scoring.metrics import OF_A_CLASS
from mser.scoring.scorers import one_vs_rest

_POINTS = 1500


@dataclass(frozen=True)
class ClassScores:
    """How many `utterances` a class has, and its figures by `mser.scoring.metrics.OF_A_CLASS`."""

    utterances: int
    scores: Mapping[str, Figure] = field(metadata=FLAT)


@dataclass(frozen=True)
class Confusion:
    """How often each true class was taken for each.

    Attributes:
        labels: of rows, the truth, and columns, the prediction.
        counts: summed over folds and seeds.
        row_shares: of each row, 0..1.
    """

    labels: Sequence[str]
    counts: Sequence[Sequence[int]]
    row_shares: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Binary:
    """Each label by itself: figures such as ``f1_sad``, and of several labels how many utterances have each."""

    scores: Mapping[str, Figure] = field(metadata=FLAT)
    present: Mapping[str, int] | None = field(default=None, metadata=KNOWN)


@dataclass(frozen=True)
class Points:
    """True and predicted scores."""

    target: Sequence[float]
    prediction: Sequence[float]


@dataclass(frozen=True)
class Scatter:
    """Points of the first seed by score, thinned evenly where there are too many to draw, `of` how many."""

    of: int
    points: Mapping[str, Points]


@dataclass(frozen=True)
class ByLabel:
    """What there is depends on the task.

    Attributes:
        classes: by label; None but for one label per utterance.
        confusion: the same.
        binary: each label against the rest, for the objective OneVsRest, or where several may hold; else None.
        attributes: the figures of each score by itself, such as ``ccc_valence``; None for labels, or a lone score.
        scatter: points to draw; None for labels.
    """

    classes: Mapping[str, ClassScores] | None = None
    confusion: Confusion | None = None
    binary: Binary | None = None
    attributes: Mapping[str, Figure] | None = None
    scatter: Scatter | None = None


def by_label(run: Run, scores: Mapping[str, Figure], clusters: Clusters) -> ByLabel:
    """Return what a complete run says of each label or score.

    Args:
        run: a complete one.
        scores: all of its figures.
        clusters: its own.
    """
    if run.plan.task.is_one_label:
        return _one_label(run, scores, clusters)
    if run.plan.task.is_several_labels:
        present = pooled(run, run.seeds[0]).target.sum(0).tolist()
        return ByLabel(binary=Binary(scores, dict(zip(run.plan.labels, present, strict=True))))
    each = tuple(f"_{label}" for label in run.plan.labels)
    attributes = {name: figure for name, figure in scores.items() if name.endswith(each)}
    return ByLabel(attributes=attributes or None, scatter=_scatter(run))


def _one_label(run: Run, scores: Mapping[str, Figure], clusters: Clusters) -> ByLabel:
    labels = run.plan.labels
    truth = np.bincount(pooled(run, run.seeds[0]).target, minlength=len(labels)).tolist()
    classes = {
        label: ClassScores(count, {name: replace(scores[f"{name}_{label}"], floor=None) for name in OF_A_CLASS})
        for label, count in zip(labels, truth, strict=True)
    }
    binary = Binary(figures(run, one_vs_rest(labels), clusters)) if not run.plan.exclusive else None
    return ByLabel(classes, _confusion(run), binary)


def _confusion(run: Run) -> Confusion:
    labels = run.plan.labels
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    for job in run.jobs:
        np.add.at(counts, (job.predictions.target, job.predictions.prediction), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return Confusion(list(labels), counts.tolist(), shares.tolist())


def _scatter(run: Run) -> Scatter:
    predictions = pooled(run, run.seeds[0])
    step = -(-len(predictions) // _POINTS)
    points = {
        label: Points(
            target=predictions.target[::step, column].round(4).tolist(),
            prediction=predictions.prediction[::step, column].round(4).tolist(),
        )
        for column, label in enumerate(run.plan.labels)
    }
    return Scatter(len(predictions), points)
