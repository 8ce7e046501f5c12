"""How the scores of folds and seeds become one number, everywhere in the report.

- *mean*: each fold and seed is scored on its own; a fold's score is the mean over its seeds; the figure is the mean
  over folds, each fold counting the same whatever its size.
- *sd*: of the folds' scores, with n - 1; null for a single fold. It says how much folds differ, not how sure the
  mean is.
- *sd over seeds*: of the seeds' means over folds, with n - 1; null for a single seed.
- *pooled*: all folds' utterances of a seed scored as one set, each utterance counting the same; then the mean over
  seeds.
- *interval*: 95 % of a score of these models, from resampling speakers within folds (`mser.scoring.statistics`): how
  sure the mean is for other speakers, the trained models as they are. It is never narrower than if all utterances were
  independent (`mser.scoring.influence`).
- *method interval*: 95 % of what the method scores when it is trained again, on other sessions and with other seeds
  (`mser.scoring.luck`): over the folds, or where there is one split over speakers and at least three seeds; null where
  neither can be. It holds all of *interval*.
- *floor*: what a constant answer reaches (`Judge.constant`), put together like *mean*.

A score that is not defined in a fold, such as the recall of a class that it does not hold, takes no part in the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mser.runs.fold_predictions import Predictions
from mser.runs.run import Run
from mser.scoring.clusters import Clusters, replicates
from mser.scoring.influence import independent_error, influences
from mser.scoring.luck import Error, error, of_method
from mser.scoring.means import defined, mean, sd
from mser.scoring.measures import measure
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import LEVEL, Floats, interval, standard_error, student_t

Interval = tuple[float, float]


@dataclass(frozen=True)
class Estimate:
    """A mean and its interval; None where it is not defined, or nothing tells how sure it is."""

    mean: float | None
    interval: Interval | None

    @property
    def surest(self) -> Interval | None:
        """The interval that a reader should take the mean for."""
        return self.interval


@dataclass(frozen=True)
class Figure:
    """What a score of a complete run comes to, as this file's head defines it."""

    mean: float | None
    sd: float | None
    sd_over_seeds: float | None
    interval: Interval | None
    method_interval: Interval | None
    pooled: float | None
    floor: float | None

    @property
    def surest(self) -> Interval | None:
        """The interval that a reader should take the mean for: that of the method, or else that of these models."""
        return self.method_interval or self.interval

    @property
    def estimate(self) -> Estimate:
        """The mean of these models alone."""
        return Estimate(self.mean, self.interval)


def figures(run: Run, scorer: Scorer, clusters: Clusters) -> dict[str, Figure]:
    """Return the figure of every score.

    Args:
        run: a complete one.
        scorer: gives the scores.
        clusters: the run's.
    """
    floors = [scorer.floor(job.predictions) for job in run.jobs if job.seed == run.seeds[0]]
    whole = [scorer.score(pooled(run, seed)) for seed in run.seeds]
    resampled = replicates(run, scorer, clusters) if clusters.freedom >= 1 else {}
    moved = influences(run, scorer)
    figures = {}
    for name, scores in by_seed_and_fold(run, scorer).items():
        least = independent_error(moved[name])
        of_models, of_method = intervals(name, scores, resampled.get(name), clusters.freedom, least)
        folds = [mean(column) for column in scores.T]
        figures[name] = Figure(
            mean=defined(mean(folds)),
            sd=sd(folds),
            sd_over_seeds=sd(mean(row) for row in scores),
            interval=of_models,
            method_interval=of_method,
            pooled=defined(mean(scored[name] for scored in whole)),
            floor=defined(mean(scored[name] for scored in floors)) if name in floors[0] else None,
        )
    return figures


def by_seed_and_fold(run: Run, scorer: Scorer) -> dict[str, Floats]:
    """Return each score of each seed and fold, (S, K); NaN where a fold does not have it."""
    scored = {(job.seed, job.fold.number): scorer.score(job.predictions) for job in run.jobs}
    numbers = [fold.number for fold in run.plan.folds]
    return {
        name: np.array([[scored[seed, number][name] for number in numbers] for seed in run.seeds])
        for name in next(iter(scored.values()))
    }


def models_error(estimate: float, resampled: Floats | None, freedom: float, least: float) -> Error | None:
    """Return the error of these models for other speakers; None where speakers are too few to tell.

    Args:
        estimate: the score or difference.
        resampled: its replicates (`mser.scoring.clusters.replicates`).
        freedom: that of the clusters.
        least: the error of independent utterances.
    """
    if resampled is None or np.isnan(estimate) or not (size := standard_error(estimate, resampled)) > 0:
        return None
    return error(max(size, least), freedom)


def intervals(
    name: str, scores: Floats, resampled: Floats | None, freedom: float, least: float
) -> tuple[Interval | None, Interval | None]:
    """Return the interval of these models and that of the method, each None where nothing tells.

    Args:
        name: which score.
        scores: (S, K) by seed and fold.
        resampled: (R,) its replicates; None where speakers are too few.
        freedom: that of the clusters.
        least: the error of independent utterances.
    """
    estimate = mean(mean(column) for column in scores.T)
    speakers = models_error(estimate, resampled, freedom, least)
    models, method = (
        interval(estimate, one.half_width(LEVEL) / student_t(one.freedom), one.freedom, measure(name).scale)
        if one
        else None
        for one in (speakers, of_method(scores, speakers, least))
    )
    if models and method:
        method = min(models[0], method[0]), max(models[1], method[1])
    return models, method


def pooled(run: Run, seed: int) -> Predictions:
    """Return the predictions of all folds with one seed."""
    return Predictions.pool([job.predictions for job in run.jobs if job.seed == seed])
