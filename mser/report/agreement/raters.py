"""How far people agree on scores such as valence: the ceiling beside which a model's CCC and MAE stand.

Of each judged utterance that two observers or more gave a score, every observer is left out once, and what the one said
is judged as a model's answers are (CCC, Pearson, MAE, a fold at a time) against the mean of the others. The model in
the place of the one is judged against the same means: they are of fewer observers than its own truth is, and so
noisier, for both alike. Speakers who rated themselves are no observers.

Krippendorff's alpha is that for interval data (Krippendorff 2018, "Content Analysis", chapter 12), by the library of
that name, over the judged utterances: 1 is agreement, 0 what chance gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mser.report.figures import Estimate, figures, pooled
from mser.runs.fold_predictions import Predictions
from mser.runs.run import Run
from mser.scoring.clusters import Clusters
from mser.scoring.score_sums import MOMENTS, attribute_scores, moments
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import Floats

MEASURED = ("ccc", "pearson", "mae")
Scored = Mapping[str, Mapping[str, Floats]]
"""By score and utterance what each observer gave, (observers,), two or more."""


@dataclass(frozen=True)
class Raters:
    """How far single observers agree on scores, and the model in the place of one.

    Attributes:
        utterances: with two observers or more.
        observers: the mean number of those of one.
        people: the estimate of `MEASURED` and of each score such as ``ccc_valence``, of one against the others.
        model: the same of the model's answers against the others.
        alpha: Krippendorff's of each score; None where there is nothing to agree on.
    """

    utterances: int
    observers: float
    people: Mapping[str, Estimate]
    model: Mapping[str, Estimate]
    alpha: Mapping[str, float | None]


def raters(run: Run, clusters: Clusters) -> Raters | None:
    """Return how far single observers of a complete run of scores agree; None where no utterance has two.

    Args:
        run: a complete one.
        clusters: its own.
    """
    labels = run.plan.labels
    ratings = {label: _ratings(run, label) for label in labels}
    if not run.plan.task.is_numbers or not all(ratings.values()):
        return None
    numbers = {name: len(scores) for by_utterance in ratings.values() for name, scores in by_utterance.items()}
    people = figures(run, _scorer(labels, ratings, lambda _, scores: scores), clusters)
    model = figures(run, _scorer(labels, ratings, lambda answer, scores: np.full(len(scores), answer)), clusters)
    return Raters(
        utterances=len(numbers),
        observers=float(np.mean(list(numbers.values()))),
        people={name: figure.estimate for name, figure in people.items()},
        model={name: figure.estimate for name, figure in model.items()},
        alpha={label: alpha(list(by_utterance.values())) for label, by_utterance in ratings.items()},
    )


def alpha(scores: list[Floats]) -> float | None:
    """Return Krippendorff's alpha for interval data; None where there is nothing to agree on.

    Args:
        scores: of each utterance what its observers gave.

    Example:
        >>> round(alpha([np.array([1.0, 1.0]), np.array([2.0, 3.0]), np.array([5.0, 5.0])]), 3)
        0.95
    """
    import krippendorff

    values, place = np.unique(np.concatenate(scores), return_inverse=True)
    if len(values) < 2:
        return None
    counts = np.zeros((len(scores), len(values)), dtype=int)
    np.add.at(counts, (np.repeat(np.arange(len(scores)), [len(one) for one in scores]), place), 1)
    return float(krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement="interval"))


def _ratings(run: Run, label: str) -> dict[str, Floats]:
    judged = pooled(run, run.seeds[0]).utterances
    ratings = {name: run.utterances[name].ratings for name in judged if name in run.utterances}
    scores = {
        name: np.array([one.scores[label] for one in several if not one.is_self and label in one.scores])
        for name, several in ratings.items()
    }
    return {name: several for name, several in scores.items() if len(several) > 1}


def _scorer(labels: tuple[str, ...], ratings: Scored, answers: Callable[[float, Floats], Floats]) -> Scorer:
    """Return what judges one answer per observer who is left out.

    Args:
        labels: the names of the scores.
        ratings: what the observers gave.
        answers: from the model's score of an utterance and those of its observers the answers, (observers,).
    """

    def sums(predictions: Predictions) -> Floats:
        columns = [_sums(predictions, column, ratings[label], answers) for column, label in enumerate(labels)]
        return np.column_stack(columns)

    def of_sums(total: Floats) -> dict[str, Floats]:
        return attribute_scores(total, labels)

    def score(predictions: Predictions) -> dict[str, float]:
        return {name: float(value) for name, value in of_sums(sums(predictions).sum(0)).items()}

    return Scorer(score, score, sums, of_sums)


def _sums(
    predictions: Predictions, column: int, ratings: Mapping[str, Floats], answers: Callable[[float, Floats], Floats]
) -> Floats:
    """Return for each utterance the moments of others' means and answers, summed over who is left out, (N, 7)."""
    rows = [row for row, name in enumerate(predictions.utterances) if name in ratings]
    scores = [ratings[predictions.utterances[row]] for row in rows]
    answered = [answers(predictions.prediction[row, column], one) for row, one in zip(rows, scores, strict=True)]
    others = [(one.sum() - one) / (len(one) - 1) for one in scores]
    sums = np.zeros((len(predictions), MOMENTS))
    if rows:
        places = np.repeat(rows, [len(one) for one in scores])
        np.add.at(sums, places, moments(np.concatenate(others), np.concatenate(answered)))
    return sums
