"""How far people agree: the ceiling beside which soft scores stand, since no person reaches the votes themselves.

Of each judged utterance every observer is left out once; what the others said is the truth, as the votes of all are for
the model (`mser.report.agreement.observers`: one vote each, split evenly, votes for other classes left out).

- ``soft_accuracy``: the share of the others' votes for what the one said: how often two observers agree.
- ``guess``: the share of observers who said what most of the others did, ties split: what a model could reach that
  knew what the others said.
- ``ua``, ``wa``: of one observer's answers against the label that most of the others chose, where one label has most.
- ``distribution_f1``: whether the labels above an even share of the others' votes are those of the one
  (`mser.report.agreement.thresholded`).
- ``alpha``: Krippendorff's alpha of the classes for nominal data (Krippendorff 2018, "Content Analysis", chapter 12),
  by the library of that name, over the judged utterances; what is none of the classes is one value of its own, and
  who chose several labels is left out. 1 is agreement, 0 what chance gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mser.report.agreement import thresholded
from mser.report.figures import Estimate, figures
from mser.report.json_layout import FLAT
from mser.runs.fold_predictions import Predictions
from mser.runs.run import Run
from mser.scoring import metrics
from mser.scoring.clusters import Clusters
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import Floats

MEASURED = ("soft_accuracy", "guess", "ua", "wa", thresholded.NAME)


@dataclass(frozen=True)
class People:
    """How far single observers agree.

    Attributes:
        utterances: with two observers or more.
        scores: the estimate of each of `MEASURED`.
        alpha: Krippendorff's; None where there is nothing to agree on.
    """

    utterances: int
    scores: Mapping[str, Estimate] = field(metadata=FLAT)
    alpha: float | None


def people(run: Run, clusters: Clusters, votes: Mapping[str, Floats], counts: Floats) -> People | None:
    """Return how far single observers of a complete run agree; None where nobody was observed by two.

    Args:
        run: a complete one.
        clusters: its own.
        votes: by judged utterance the votes of each observer, (observers, C), without those who voted for no class.
        counts: how many observers gave an utterance each value, for `alpha`.
    """
    classes = len(run.plan.labels)
    tables = {name: _left_out(table) for name, table in votes.items() if len(table) > 1}
    if not tables:
        return None
    scores = figures(run, _scorer(tables, classes), clusters)
    return People(len(tables), {name: scores[name].estimate for name in MEASURED}, alpha(counts))


def alpha(counts: Floats) -> float | None:
    """Return Krippendorff's alpha for nominal data; None where there is nothing to agree on.

    Args:
        counts: (N, V), how many observers gave an utterance each value.

    Example:
        >>> counts = np.array([[2, 0], [2, 0], [0, 2], [1, 1]])
        >>> round(alpha(counts), 3)
        0.533
    """
    import krippendorff

    pairable = counts[counts.sum(1) > 1]
    if np.count_nonzero(pairable.sum(0)) < 2:
        return None
    return float(krippendorff.alpha(value_counts=pairable.astype(int), level_of_measurement="nominal"))


def _left_out(votes: Floats) -> Floats:
    """Return of one utterance the sums over observers: number, agreement, guesses, C x C of a confusion matrix, hits.

    Args:
        votes: (observers, C).
    """
    classes = votes.shape[1]
    shares = votes / votes.sum(1, keepdims=True)
    total, sums = votes.sum(0), np.zeros(_width(classes))
    for vote, share in zip(votes, shares, strict=True):
        others = (total - vote) / (total - vote).sum()
        most = np.isclose(others, others.max())
        sums[:3] += 1, others @ share, share[most].mean()
        if most.sum() == 1:
            sums[3 : 3 + classes**2] += np.outer(most, share).ravel()
        sums[3 + classes**2 :] += thresholded.hits(thresholded.holds(others), thresholded.holds(share))
    return sums


def _width(classes: int) -> int:
    return 3 + classes**2 + 3 * classes


def _scorer(tables: Mapping[str, Floats], classes: int) -> Scorer:
    """Return what scores the observers of the utterances that a model was judged on, whatever it said."""
    nothing = np.zeros(_width(classes))

    def sums(predictions: Predictions) -> Floats:
        return np.array([tables.get(name, nothing) for name in predictions.utterances])

    def of_sums(total: Floats) -> dict[str, Floats]:
        number = np.where(total[..., 0] > 0, total[..., 0], np.nan)
        confusion = total[..., 3 : 3 + classes**2]
        scores = metrics.from_confusion(confusion.reshape(*total.shape[:-1], classes, classes))
        agreed = {"soft_accuracy": total[..., 1] / number, "guess": total[..., 2] / number}
        agreed[thresholded.NAME] = thresholded.macro_f1(total[..., 3 + classes**2 :])
        return agreed | {name: scores[name] for name in ("ua", "wa")}

    def score(predictions: Predictions) -> dict[str, float]:
        return {name: float(value) for name, value in of_sums(sums(predictions).sum(0)).items()}

    return Scorer(score, score, sums, of_sums)
