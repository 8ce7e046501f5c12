"""How far people agree on scores: the ceiling beside which a model's scores stand; `mser.report.people` is for labels.

Of each judged utterance every observer is left out once; the mean of what the others gave is the truth, and what the
one gave is judged against it as a model is: ``ccc``, ``pearson``, ``mae``, of each score and in the mean over scores.
A mean of few is a shakier truth than the corpus's own, which is a mean of all: this is how well one more person does,
no bound for models.

``alpha`` is Krippendorff's, for interval data (Krippendorff 2018, "Content Analysis", chapter 12), by the library of
that name: 1 is agreement, 0 what chance gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mser.manifest import Utterance
from mser.report.figures import figures, pooled
from mser.runs.predictions import Predictions
from mser.runs.run import Json, Run
from mser.scoring.clusters import Clusters
from mser.scoring.score_sums import attribute_scores, attribute_sums
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import Floats


def raters(run: Run, found: Clusters) -> Json | None:
    """Return how far single observers of a complete run agree on its scores; null for labels, or where none had two.

    Args:
        run: a complete one.
        found: its clusters.

    Returns:
        ``utterances`` with two observers or more, the mean number of ``observers`` of one, the figure (``mean`` and
        ``interval``) of each score of `mser.scoring.regression.attributes`, and Krippendorff's ``alpha`` of each score.
    """
    if run.plan.task != "scores":
        return None
    names = run.plan.labels
    ratings = {name: _given(run.utterances[name], names) for name in pooled(run, run.seeds[0]).utterances}
    ratings = {name: given for name, given in ratings.items() if len(given) > 1}
    if not ratings:
        return None
    scored = figures(run, _scorer(_left_out(ratings), names), found)
    return {
        "utterances": len(ratings),
        "observers": float(np.mean([len(given) for given in ratings.values()])),
        **{name: {key: figure[key] for key in ("mean", "interval")} for name, figure in scored.items()},
        "alpha": {name: alpha([given[:, column] for given in ratings.values()]) for column, name in enumerate(names)},
    }


def alpha(ratings: Sequence[Floats]) -> float | None:
    """Return Krippendorff's alpha of one score for interval data; None where all gave the same.

    Args:
        ratings: what the observers gave, an array per utterance, of two values or more.

    Example:
        >>> round(alpha([np.array([1.0, 1.0]), np.array([2.0, 3.0]), np.array([5.0, 5.0])]), 3)
        0.956
    """
    import krippendorff

    table = np.full((max(map(len, ratings)), len(ratings)), np.nan)
    for column, given in enumerate(ratings):
        table[: len(given), column] = given
    if np.nanmin(table) == np.nanmax(table):
        return None
    return float(krippendorff.alpha(table, level_of_measurement="interval"))


def _given(utterance: Utterance, names: Sequence[str]) -> Floats:
    """Return what the observers who gave every score gave, (observers, K)."""
    given = [[rating.scores[name] for name in names] for rating in utterance.ratings
             if not rating.is_self and all(name in rating.scores for name in names)]  # fmt: skip
    return np.array(given).reshape(len(given), len(names))


def _left_out(ratings: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return by utterance the sums over its observers that `attribute_scores` reads, (7 K,)."""
    ones = np.concatenate(list(ratings.values()))
    others = np.concatenate([(given.sum(0) - given) / (len(given) - 1) for given in ratings.values()])
    owner = np.repeat(np.arange(len(ratings)), [len(given) for given in ratings.values()])
    blank = ("",) * len(ones)
    rows = attribute_sums(Predictions(blank, blank, blank, others, ones, np.zeros((len(ones), 0))))
    sums = np.zeros((len(ratings), rows.shape[1]))
    np.add.at(sums, owner, rows)
    return dict(zip(ratings, sums, strict=True))


def _scorer(tables: Mapping[str, Floats], names: Sequence[str]) -> Scorer:
    """Return what scores the observers of the utterances that a model was judged on, whatever it said."""
    nothing = np.zeros_like(next(iter(tables.values())))

    def sums(predictions: Predictions) -> Floats:
        return np.array([tables.get(name, nothing) for name in predictions.utterances])

    def of_sums(found: Floats) -> dict[str, Floats]:
        return attribute_scores(found, names)

    def score(predictions: Predictions) -> dict[str, float]:
        return {name: float(value) for name, value in of_sums(sums(predictions).sum(0)).items()}

    return Scorer(score, score, sums, of_sums)
