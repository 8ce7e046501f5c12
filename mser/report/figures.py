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

import numpy as np

from mser.runs.fold_predictions import Predictions
from mser.runs.run import Json, Run
from mser.scoring.clusters import Clusters, replicates
from mser.scoring.influence import independent_error, influences
from mser.scoring.luck import Error, error, of_method
from mser.scoring.means import defined, mean, spread
from mser.scoring.measures import measure
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import LEVEL, Floats, interval, standard_error, student_t


def figures(run: Run, scorer: Scorer, found: Clusters) -> dict[str, Json]:
    """Return mean, sds, both intervals, pooled and floor, as this file's head defines them, of every score.

    Args:
        run: a complete one.
        scorer: gives the scores.
        found: the run's clusters.
    """
    floors = [scorer.floor(job.said) for job in run.jobs if job.seed == run.seeds[0]]
    whole = [scorer.score(pooled(run, seed)) for seed in run.seeds]
    resampled = replicates(run, scorer, found) if found.freedom >= 1 else {}
    moved = influences(run, scorer)
    return {
        name: {
            **_means(scores),
            **intervals(name, scores, resampled.get(name), found.freedom, independent_error(moved[name])),
            "pooled": defined(mean(scored[name] for scored in whole)),
            "floor": defined(mean(scored[name] for scored in floors)) if name in floors[0] else None,
        }
        for name, scores in by_seed_and_fold(run, scorer).items()
    }


def by_seed_and_fold(run: Run, scorer: Scorer) -> dict[str, Floats]:
    """Return each score of each seed and fold, (S, K); NaN where a fold does not have it."""
    scored = {(job.seed, job.fold.number): scorer.score(job.said) for job in run.jobs}
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


def _means(scores: Floats) -> Json:
    return {
        **spread(mean(column) for column in scores.T),
        "sd_over_seeds": spread(mean(row) for row in scores)["sd"],
    }


def intervals(name: str, scores: Floats, resampled: Floats | None, freedom: float, least: float) -> Json:
    """Return the interval of these models and that of the method, each null where nothing tells.

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
    return {"interval": models and list(models), "method_interval": method and list(method)}


def pooled(run: Run, seed: int) -> Predictions:
    """Return the predictions of all folds with one seed."""
    return Predictions.pool([job.said for job in run.jobs if job.seed == seed])
