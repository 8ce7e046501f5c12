"""How near a model's probabilities are to what the observers of each utterance said, beyond the label they agreed on.

Each observer has one vote, split evenly where several labels were chosen. q_c is the share of class c among the votes
for classes of the label set (others are left out); p is what the model says, scaled to sum to 1. Speakers who rated
themselves are no observers; an utterance without a vote for any class is left out. In the mean over utterances:

- ``soft_accuracy``: q of the model's answer, which is how often it agrees with an observer drawn at random.
- ``soft_cross_entropy``: -sum_c q_c ln p_c, in nats, with p at least 1e-6 (Peterson et al. 2019; Uma et al. 2021).
- ``js_divergence``: half the Kullback-Leibler divergences of q and of p from their mean, in bits, 0 to 1 (Lin 1991).

The floor is a constant prior: the mean q of the judged utterances of a fold, and its likeliest class as the answer.
Beside it stands the best there can be, what q itself would score, and how far people agree
(`mser.report.agreement.people`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mser.corpora import CORPORA
from mser.labels import LabelSet
from mser.manifest import Rating, Utterance
from mser.report.agreement.people import People, people
from mser.report.confidence.decisions import LEAST, Floats
from mser.report.figures import Figure, figures, pooled
from mser.report.json_layout import FLAT
from mser.runs.fold_predictions import Predictions
from mser.runs.run import Run
from mser.scoring.clusters import Clusters
from mser.scoring.scorers import Scorer

MEASURED = ("soft_accuracy", "soft_cross_entropy", "js_divergence")


@dataclass(frozen=True)
class SoftFigure(Figure):
    """A soft score's figure, and the `best` that is possible."""

    best: float


@dataclass(frozen=True)
class Observers:
    """How near a model's probabilities are to what the observers said.

    Attributes:
        utterances: with observers.
        observers: the mean number of those of one.
        outside: the share of their votes that are for no class of the label set.
        scores: the figure of each of `MEASURED`.
        people: what single observers score against the others; None where nobody had two.
    """

    utterances: int
    observers: float
    outside: float
    scores: Mapping[str, SoftFigure] = field(metadata=FLAT)
    people: People | None


def observers(run: Run, clusters: Clusters) -> Observers | None:
    """Return the soft scores of a complete run; None where there is not one label each, or no observer is known."""
    heard, shares = votes(run), soft_labels(run)
    judged = [name for name in pooled(run, run.seeds[0]).utterances if name in shares]
    if not judged:
        return None
    scorer = soft_scorer(shares)
    q = np.array([shares[name] for name in judged])
    best = dict(zip(MEASURED, soft_scores(q, q, q.argmax(1)).mean(0), strict=True))
    return Observers(
        utterances=len(judged),
        observers=float(np.mean([_observers(run.utterances[name]) for name in judged])),
        outside=float(1 - np.mean([heard[name].sum() / _observers(run.utterances[name]) for name in judged])),
        scores={
            name: SoftFigure(**vars(figure), best=float(best[name]))
            for name, figure in figures(run, scorer, clusters).items()
        },
        people=people(run, clusters, {name: _each(run, name) for name in judged}, _values(run, judged)),
    )


def soft_labels(run: Run) -> dict[str, Floats]:
    """Return by utterance the share of each class among the votes of its observers, (C,), where there is any."""
    return {name: counts / counts.sum() for name, counts in votes(run).items() if counts.sum()}


def votes(run: Run) -> dict[str, Floats]:
    """Return by utterance the votes of its observers for each class, (C,); nothing where votes cannot be told.

    An observer who chose two labels gives each half a vote; what is no class of the label set gets none.
    """
    task, words = _task(run)
    if task is None:
        return {}
    return {name: _votes(utterance, task, words) for name, utterance in run.utterances.items() if _observers(utterance)}


def agreement(run: Run) -> dict[str, float]:
    """Return by utterance the share of its observers who chose its label, alone or among others."""
    task, words = _task(run)
    if task is None:
        return {}
    shares = {}
    for name, utterance in run.utterances.items():
        label = task.target(utterance)
        chosen = [_classes(rating.labels, task, words) for rating in utterance.ratings if _observes(rating)]
        if chosen and label >= 0:
            shares[name] = sum(label in classes for classes in chosen) / len(chosen)
    return shares


def soft_scores(q: Floats, p: Floats, answer: NDArray[np.int64]) -> Floats:
    """Return each utterance's `MEASURED` scores, (N, 3), as this file's head defines them.

    Args:
        q: (N, C) shares of the observers' votes; rows sum to 1.
        p: (N, C) probabilities; rows sum to 1.
        answer: (N,) the predicted class.

    Example:
        >>> q, p = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.5, 0.5], [0.25, 0.75]])
        >>> soft_scores(q, p, np.array([0, 1])).round(3).tolist()
        [[0.5, 0.693, 0.0], [0.0, 1.386, 0.549]]
    """
    middle = (q + p) / 2
    divergence = (_divergence(q, middle) + _divergence(p, middle)) / 2
    entropy = -(q * np.log(np.maximum(p, LEAST))).sum(1)
    return np.column_stack([q[np.arange(len(q)), answer], entropy, divergence])


def _divergence(one: Floats, other: Floats) -> Floats:
    ratio = np.divide(one, other, out=np.ones_like(one), where=one > 0)
    return np.asarray((one * np.log2(ratio)).sum(1))


def soft_scorer(shares: Mapping[str, Floats]) -> Scorer:
    """Return what scores the utterances that have observers, and only those.

    Args:
        shares: `soft_labels`' of a run; at least one.
    """
    classes = len(next(iter(shares.values())))

    def rated(predictions: Predictions) -> tuple[NDArray[np.bool_], Floats]:
        covered = np.array([name in shares for name in predictions.utterances])
        q = [shares[name] for name in predictions.utterances if name in shares]
        return covered, np.array(q).reshape(len(q), classes)

    def sums(predictions: Predictions) -> Floats:
        covered, q = rated(predictions)
        p = predictions.probabilities[covered]
        p = p / np.maximum(p.sum(1, keepdims=True), LEAST)
        table = np.zeros((len(predictions), 1 + len(MEASURED)))
        table[covered, 0] = 1
        table[covered, 1:] = soft_scores(q, p, predictions.prediction[covered])
        return table

    def of_sums(total: Floats) -> dict[str, Floats]:
        number = np.where(total[..., 0] > 0, total[..., 0], np.nan)
        return {name: total[..., place] / number for place, name in enumerate(MEASURED, 1)}

    def score(predictions: Predictions) -> dict[str, float]:
        return {name: float(value) for name, value in of_sums(sums(predictions).sum(0)).items()}

    def floor(predictions: Predictions) -> dict[str, float]:
        _, q = rated(predictions)
        if not len(q):
            return dict.fromkeys(MEASURED, float("nan"))
        prior = np.broadcast_to(q.mean(0), q.shape)
        return dict(zip(MEASURED, map(float, soft_scores(q, prior, prior.argmax(1)).mean(0)), strict=True))

    return Scorer(score, floor, sums, of_sums)


def _task(run: Run) -> tuple[LabelSet | None, Mapping[str, str]]:
    """Return the label set and the raters' words for published labels; None where the corpus has no such words."""
    corpus = CORPORA.get(run.plan.corpus)
    tasks = [one for one in corpus.label_sets if one.name == run.plan.label_set] if corpus and corpus.rated else []
    task = tasks[0] if tasks else None
    if not corpus or not isinstance(task, LabelSet) or task.labels != run.plan.labels:
        return None, {}
    return task, corpus.rated


def _observes(rating: Rating) -> bool:
    return not rating.is_self and bool(rating.labels)


def _observers(utterance: Utterance) -> int:
    return sum(map(_observes, utterance.ratings))


def _votes(utterance: Utterance, task: LabelSet, words: Mapping[str, str]) -> Floats:
    votes = [_vote(rating, task, words) for rating in utterance.ratings if _observes(rating)]
    return np.asarray(np.sum(votes, axis=0))


def _vote(rating: Rating, task: LabelSet, words: Mapping[str, str]) -> Floats:
    votes = np.zeros(len(task.labels))
    for label in _classes(rating.labels, task, words):
        if label >= 0:
            votes[label] += 1 / len(rating.labels)
    return votes


def _each(run: Run, name: str) -> Floats:
    """Return the votes of each observer of an utterance who voted for a class, (observers, C)."""
    task, words = _task(run)
    ratings = filter(_observes, run.utterances[name].ratings)
    votes = [_vote(rating, task, words) for rating in ratings] if task else []
    return np.array([vote for vote in votes if vote.any()])


def _values(run: Run, judged: Sequence[str]) -> Floats:
    """Return how many observers chose each class, or at last none of them, and nothing else: (N, C + 1)."""
    task, words = _task(run)
    counts = np.zeros((len(judged), len(run.plan.labels) + 1))
    for row, name in enumerate(judged):
        for rating in filter(_observes, run.utterances[name].ratings):
            if task and len(rating.labels) == 1:
                counts[row, _classes(rating.labels, task, words)[0]] += 1  # none of them is -1: the last
    return counts


def _classes(labels: tuple[str, ...], task: LabelSet, words: Mapping[str, str]) -> list[int]:
    named = [task(words.get(label)) for label in labels]
    return [-1 if name is None else task.labels.index(name) for name in named]
