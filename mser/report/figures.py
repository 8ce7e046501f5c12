"""How the scores of folds and seeds become one number, everywhere in the report.

- *mean*: each fold and seed is scored on its own; a fold's score is the mean over its seeds; the figure is the mean
  over folds, each fold counting the same whatever its size.
- *sd*: of the folds' scores, with n - 1; null for a single fold. It says how much folds differ, not how sure the
  mean is.
- *sd over seeds*: of the seeds' means over folds, with n - 1; null for a single seed.
- *pooled*: all folds' utterances of a seed scored as one set, each utterance counting the same; then the mean over
  seeds.
- *interval*: 95 % of a score, from resampling speakers within folds (`mser.scoring.statistics`): how sure the mean is
  for other speakers, the trained models as they are. The luck of training is not in it; *sd over seeds* shows that.
- *floor*: what a constant answer reaches (`Judge.constant`), put together like *mean*.

A score that is not defined in a fold, such as the recall of a class that it does not hold, takes no part in the mean.
"""

from __future__ import annotations

from mser.runs.predictions import Predictions
from mser.runs.run import Json, Run
from mser.scoring.clusters import Clusters, replicates
from mser.scoring.means import defined, mean, spread
from mser.scoring.measures import measure
from mser.scoring.scorers import Scorer
from mser.scoring.statistics import Floats, interval, standard_error


def figures(run: Run, scorer: Scorer, found: Clusters) -> dict[str, Json]:
    """Return mean, sd, sd over seeds, interval, pooled and floor, as this file's head defines them, of every score.

    Args:
        run: a complete one.
        scorer: gives the scores.
        found: the run's clusters.
    """
    floors = [scorer.floor(job.said) for job in run.jobs if job.seed == run.seeds[0]]
    whole = [scorer.score(pooled(run, seed)) for seed in run.seeds]
    resampled = replicates(run, scorer, found) if found.freedom else {}
    return {
        name: {
            **figure,
            "interval": _interval(name, figure["mean"], resampled.get(name), found.freedom),
            "pooled": defined(mean(scores[name] for scores in whole)),
            "floor": defined(mean(scores[name] for scores in floors)) if name in floors[0] else None,
        }
        for name, figure in _means(run, scorer).items()
    }


def _means(run: Run, scorer: Scorer) -> dict[str, Json]:
    found = {(job.seed, job.fold.number): scorer.score(job.said) for job in run.jobs}
    numbers = [fold.number for fold in run.plan.folds]
    return {
        name: {
            **spread(mean(found[seed, number][name] for seed in run.seeds) for number in numbers),
            "sd_over_seeds": spread(mean(found[seed, number][name] for number in numbers) for seed in run.seeds)["sd"],
        }
        for name in next(iter(found.values()))
    }


def _interval(name: str, estimate: float | None, resampled: Floats | None, freedom: int) -> list[float] | None:
    if estimate is None or resampled is None:
        return None
    found = interval(estimate, standard_error(estimate, resampled), freedom, measure(name).scale)
    return list(found) if found else None


def pooled(run: Run, seed: int) -> Predictions:
    """Return the predictions of all folds with one seed."""
    return Predictions.pool([job.said for job in run.jobs if job.seed == seed])
