"""How near a model's probabilities are to what the observers of each utterance said, beyond the label they agreed on.

Each observer has one vote, split evenly where several labels were chosen. q_c is the share of class c among the votes
for classes of the label set (others are left out); p is what the model says, scaled to sum to 1. Speakers who rated
themselves are no observers; an utterance without a vote for any class is left out. In the mean over utterances:

- ``soft_accuracy``: q of the model's answer, which is how often it agrees with an observer drawn at random.
- ``soft_cross_entropy``: -sum_c q_c ln p_c, in nats, with p at least 1e-6 (Peterson et al. 2019; Uma et al. 2021).
- ``js_divergence``: half the Kullback-Leibler divergences of q and of p from their mean, in bits, 0 to 1 (Lin 1991).
- ``distribution_f1``: whether the classes above an even share are told, see `mser.report.agreement.thresholded`.

Of a label set of several labels (``iemocap4-votes``) p is what the objective `Distribution` made its answers of.

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
from mser.corpora.table.corpus import TABLE_LABELS, TABLE_VOTES, votes_of_table
from mser.labels import LabelSet
from mser.manifest import Utterance
from mser.report.agreement import thresholded
from mser.report.agreement.people import People, people
from mser.report.confidence.decisions import LEAST, Floats
from mser.report.figures import Figure, figures, pooled
from mser.report.json_layout import FLAT
from mser.runs.fold_predictions import Predictions
from mser.runs.run import Run
from mser.scoring.clusters import Clusters
from mser.scoring.scorers import Scorer
from mser.vote_counts import Votes
from mser.vote_counts import observers as voters

_MEANS = ("soft_accuracy", "soft_cross_entropy", "js_divergence")
MEASURED = (*_MEANS, thresholded.NAME)


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
    heard, shares, counted = votes(run), soft_labels(run), _counted(run)
    judged = [name for name in pooled(run, run.seeds[0]).utterances if name in shares]
    if not judged or counted is None:
        return None
    each = {name: _each(counted, run.utterances[name]) for name in judged}
    scorer = soft_scorer(run, shares)
    q = np.array([shares[name] for name in judged])
    best = _of_sums(_sums(q, q, q.argmax(1), thresholded.holds(q)).sum(0))
    return Observers(
        utterances=len(judged),
        observers=float(np.mean([_observers(run.utterances[name]) for name in judged])),
        outside=float(1 - np.mean([heard[name].sum() / _observers(run.utterances[name]) for name in judged])),
        scores={
            name: SoftFigure(**vars(figure), best=float(best[name]))
            for name, figure in figures(run, scorer, clusters).items()
        },
        people=people(run, clusters, each, _values(counted, [run.utterances[name] for name in judged])),
    )


def soft_labels(run: Run) -> dict[str, Floats]:
    """Return by utterance the share of each class among the votes of its observers, (C,), where there is any."""
    return {name: counts / counts.sum() for name, counts in votes(run).items() if counts.sum()}


def votes(run: Run) -> dict[str, Floats]:
    """Return by utterance the votes of its observers for each class, (C,); nothing where votes cannot be told.

    An observer who chose two labels gives each half a vote; what is no class of the label set gets none.
    """
    counted = _counted(run)
    if counted is None:
        return {}
    return {
        name: np.array(counted.counts(utterance)) for name, utterance in run.utterances.items() if _observers(utterance)
    }


def agreement(run: Run) -> dict[str, float]:
    """Return by utterance the share of its observers who chose its label, alone or among others."""
    counted = _counted(run)
    if counted is None:
        return {}
    shares = {}
    for name, utterance in run.utterances.items():
        label = counted.task.target(utterance)
        chosen = [counted.classes(rating) for rating in voters(utterance)]
        if chosen and label >= 0:
            shares[name] = sum(label in classes for classes in chosen) / len(chosen)
    return shares


def soft_scores(q: Floats, p: Floats, answer: NDArray[np.int64]) -> Floats:
    """Return each utterance's mean scores, (N, 3), as this file's head defines them.

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


def width(classes: int) -> int:
    """Return how many sums the soft scores are made of."""
    return 1 + len(_MEANS) + 3 * classes


def soft_scorer(run: Run, shares: Mapping[str, Floats]) -> Scorer:
    """Return what scores the utterances that have observers, and only those.

    Args:
        run: whose probabilities are scored.
        shares: `soft_labels`' of it; at least one.
    """
    classes = len(run.plan.labels)

    def rated(predictions: Predictions) -> tuple[NDArray[np.bool_], Floats]:
        covered = np.array([name in shares for name in predictions.utterances])
        q = [shares[name] for name in predictions.utterances if name in shares]
        return covered, np.array(q).reshape(len(q), classes)

    def sums(predictions: Predictions) -> Floats:
        covered, q = rated(predictions)
        p, said = _distribution(run, predictions)
        table = np.zeros((len(predictions), width(classes)))
        answer = predictions.prediction if run.plan.task.is_one_label else p.argmax(1)
        table[covered] = _sums(q, p[covered], answer[covered], said[covered])
        return table

    def score(predictions: Predictions) -> dict[str, float]:
        return {name: float(value) for name, value in _of_sums(sums(predictions).sum(0)).items()}

    def floor(predictions: Predictions) -> dict[str, float]:
        _, q = rated(predictions)
        if not len(q):
            return dict.fromkeys(MEASURED, float("nan"))
        prior = np.broadcast_to(q.mean(0), q.shape)
        found = _of_sums(_sums(q, prior, prior.argmax(1), thresholded.holds(prior)).sum(0))
        return {name: float(value) for name, value in found.items()}

    return Scorer(score, floor, sums, _of_sums)


def _sums(q: Floats, p: Floats, answer: NDArray[np.int64], said: NDArray[np.bool_]) -> Floats:
    """Return of each utterance 1, its `_MEANS` and its hits, (N, `width`)."""
    hits = thresholded.hits(thresholded.holds(q), said)
    return np.column_stack([np.ones(len(q)), soft_scores(q, p, answer), hits])


def _of_sums(total: Floats) -> dict[str, Floats]:
    number = np.where(total[..., 0] > 0, total[..., 0], np.nan)
    means = {name: total[..., place] / number for place, name in enumerate(_MEANS, 1)}
    return means | {thresholded.NAME: thresholded.macro_f1(total[..., 1 + len(_MEANS) :])}


def _distribution(run: Run, predictions: Predictions) -> tuple[Floats, NDArray[np.bool_]]:
    """Return a distribution (N, C) and which classes are said to hold (N, C)."""
    p = predictions.probabilities
    if run.plan.task.is_several_labels and run.objective == "Distribution":  # whose odds against an even share they are
        p = p / (p + (1 - p) * (p.shape[1] - 1))
    p = p / np.maximum(p.sum(1, keepdims=True), LEAST)
    said = predictions.prediction.astype(bool) if run.plan.task.is_several_labels else thresholded.holds(p)
    return p, said


def _counted(run: Run) -> Votes | None:
    """Return how the votes of a run's utterances are counted; None where nobody's are known."""
    if run.plan.label_set in (TABLE_LABELS, TABLE_VOTES):
        return votes_of_table(run.utterances.values(), LabelSet(TABLE_LABELS, run.plan.labels))
    corpus = CORPORA.get(run.plan.corpus)
    tasks = [one for one in corpus.label_sets if one.name == run.plan.label_set] if corpus and corpus.rated else []
    task = tasks[0] if tasks else None
    return corpus.votes(task) if corpus and task and task.labels == run.plan.labels else None


def _observers(utterance: Utterance) -> int:
    return sum(1 for _ in voters(utterance))


def _each(counted: Votes, utterance: Utterance) -> Floats:
    """Return the votes of each observer of an utterance who voted for a class, (observers, C)."""
    return np.array([vote for vote in map(counted.of, voters(utterance)) if any(vote)])


def _values(counted: Votes, judged: Sequence[Utterance]) -> Floats:
    """Return how many observers chose each class, or at last none of them, and nothing else: (N, C + 1)."""
    counts = np.zeros((len(judged), len(counted.task.labels) + 1))
    for row, utterance in enumerate(judged):
        for rating in voters(utterance):
            if len(rating.labels) == 1:
                counts[row, counted.classes(rating)[0]] += 1  # none of them is -1: the last
    return counts
