"""How each kind of task is scored: which scores there are, which of them come first, and what a constant reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions
from mser.scoring import metrics
from mser.scoring import score_sums as sums
from mser.scoring.regression import attributes, attributes_floor
from mser.scoring.score_sums import Floats
from mser.scoring.sentiment import sentiment, sentiment_floor

Scores = Callable[[Predictions], Mapping[str, float]]
_MELD = ("weighted_f1", "wa")
_CUSTOMARY = {"meld7": _MELD, "meld-sentiment": _MELD, "meld4": _MELD, "msp8": ("macro_f1", "ua")}
"""What the papers on a label set begin with: Poria et al. 2019; the MSP-Podcast challenges of 2024 and 2025."""


@dataclass(frozen=True)
class Scorer:
    """How predictions become scores.

    Attributes:
        score: gives every score of a set of predictions, by name; always the same names.
        floor: gives what a constant answer reaches in each.
        sums: gives (N, S) numbers per utterance whose sums tell the scores; see `mser.scoring.score_sums`.
        of_sums: gives from (..., S) such sums every score, (...).
    """

    score: Scores
    floor: Scores
    sums: Callable[[Predictions], Floats]
    of_sums: Callable[[Floats], dict[str, Floats]]


@dataclass(frozen=True)
class Judge:
    """How one kind of task is judged.

    Attributes:
        scorer: gives the scores.
        constant: the answer behind the floors, in words.
        headline: the two scores that a report begins with; the first decides which run is better.
        columns: the scores that a table of folds or runs has room for.
        listed: all that the overall table shows.
    """

    scorer: Scorer
    constant: str
    headline: tuple[str, str]
    columns: tuple[str, ...]
    listed: tuple[str, ...]


def judge(question: Question, label_set: str = "") -> Judge:
    """Return how the answers to a question are judged, beginning with the scores that are customary for a label set.

    Example:
        >>> from mser.labels import Kind
        >>> judge(Question(Kind.LABELS, ("neutral", "joy"), exclusive=True), "meld7").headline
        ('weighted_f1', 'wa')
    """
    if question.task.is_one_label:
        return _one_label(question.labels, _CUSTOMARY.get(label_set, ("ua", "wa")))
    if question.task.is_several_labels:
        return _several_labels(question.labels)
    return _sentiment() if question.labels == ("sentiment",) else _attributes(question.labels)


def led_by(judged: Judge, name: str) -> Judge:
    """Return the same judge with one of its scores before all others.

    Example:
        >>> from mser.labels import Kind
        >>> led_by(judge(Question(Kind.LABELS, ("neutral", "joy"), exclusive=True)), "macro_f1").headline
        ('macro_f1', 'ua')
    """
    headline, columns, listed = (
        (name, *(other for other in names if other != name))
        for names in (judged.headline, judged.columns, judged.listed)
    )
    return replace(judged, headline=(headline[0], headline[1]), columns=columns, listed=listed)


def with_binary(judged: Judge, labels: Sequence[str]) -> Judge:
    """Return a judge of one label per utterance that also knows the scores of `one_vs_rest`."""
    return knowing(judged, one_vs_rest(labels), width=4 * len(labels))


def knowing(judged: Judge, other: Scorer, width: int) -> Judge:
    """Return a judge that also knows the scores of another scorer, whose sums have a number of columns, its `width`."""
    one = judged.scorer
    both = Scorer(
        score=lambda said: {**other.score(said), **one.score(said)},
        floor=lambda said: {**other.floor(said), **one.floor(said)},
        sums=lambda said: np.column_stack([one.sums(said), other.sums(said)]),
        of_sums=lambda found: other.of_sums(found[..., -width:]) | one.of_sums(found[..., :-width]),
    )
    return replace(judged, scorer=both)


def one_vs_rest(labels: Sequence[str]) -> Scorer:
    """Return how the paper's binary questions are scored, where each utterance has one label."""
    identity = np.eye(len(labels), dtype=bool)
    return Scorer(
        score=lambda said: metrics.one_vs_rest(_named(said.target, labels), said.probabilities, labels),
        floor=lambda said: metrics.always_absent(_named(said.target, labels), labels),
        sums=lambda said: sums.presence_sums(identity[said.target], said, labels),
        of_sums=lambda found: sums.presence_scores(found, labels),
    )


def _one_label(labels: Sequence[str], first: tuple[str, str]) -> Judge:
    names = (*first, *(name for name in ("ua", "wa", "weighted_f1", "macro_f1") if name not in first))
    scorer = Scorer(
        score=lambda said: _scores_of_labels(said, labels),
        floor=lambda said: _scores_of_labels(replace(said, prediction=_commonest(said.target)), labels),
        sums=lambda said: sums.label_sums(said, labels),
        of_sums=lambda found: sums.label_scores(found, labels),
    )
    return Judge(
        scorer,
        constant="always naming the commonest class",
        headline=first,
        columns=names,
        listed=names,
    )


def _several_labels(labels: Sequence[str]) -> Judge:
    names = ("balanced_accuracy", "mean_binary_accuracy")
    scorer = Scorer(
        score=lambda said: metrics.multi_label(said.target, said.probabilities, labels),
        floor=lambda said: metrics.multi_label_floor(said.target, labels),
        sums=lambda said: sums.presence_sums(said.target, said, labels),
        of_sums=lambda found: sums.presence_scores(found, labels),
    )
    return Judge(scorer, "the better of always yes and always no for each label", names, names, names)


def _sentiment() -> Judge:
    scorer = Scorer(
        score=lambda said: sentiment(said.target[:, 0], said.prediction[:, 0]),
        floor=lambda said: sentiment_floor(said.target[:, 0]),
        sums=sums.sentiment_sums,
        of_sums=sums.sentiment_scores,
    )
    return Judge(
        scorer,
        constant="the best constant answer to each",
        headline=("mae", "acc2_non0"),
        columns=("mae", "pearson", "acc7", "acc2_has0", "acc2_non0"),
        listed=tuple(sentiment_floor(np.zeros(1))),
    )


def _attributes(labels: Sequence[str]) -> Judge:
    scorer = Scorer(
        score=lambda said: attributes(said.target, said.prediction, labels),
        floor=lambda said: attributes_floor(said.target, labels),
        sums=sums.attribute_sums,
        of_sums=lambda found: sums.attribute_scores(found, labels),
    )
    return Judge(
        scorer,
        constant="the best constant answer to each",
        headline=("ccc", "mae"),
        columns=("ccc", "pearson", "mae"),
        listed=("ccc", "pearson", "mae"),
    )


def _scores_of_labels(said: Predictions, labels: Sequence[str]) -> dict[str, float]:
    counts = np.bincount(said.target * len(labels) + said.prediction, minlength=len(labels) ** 2).astype(float)
    return {name: float(score) for name, score in sums.label_scores(counts, labels).items()}


def _commonest(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the commonest class as every answer, as `mser.scoring.metrics.majority` does."""
    return np.full_like(codes, np.bincount(codes).argmax())


def _named(codes: NDArray[np.int64], labels: Sequence[str]) -> list[str]:
    return [labels[code] for code in codes]
