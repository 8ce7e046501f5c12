"""How the scores of folds and seeds become one number, everywhere in the report.

- *mean*: each fold and seed is scored on its own; a fold's score is the mean over its seeds; the figure is the mean
  over folds, each fold counting the same whatever its size.
- *sd*: of the folds' scores, with n - 1; null for a single fold. It says how much folds differ, not how sure the
  mean is.
- *sd over seeds*: of the seeds' means over folds, with n - 1; null for a single seed.
- *pooled*: all folds' utterances of a seed scored as one set, each utterance counting the same; then the mean over
  seeds.
- *floor*: what a constant answer reaches (`Judge.constant`), put together like *mean*.

A score that is not defined in a fold, such as the recall of a class that it does not hold, takes no part in the mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from statistics import fmean, stdev

from mser.report.judges import Scorer
from mser.report.predictions import Predictions
from mser.report.runs import Json, Run


def spread(values: Iterable[float]) -> dict[str, float | None]:
    """Return the mean and the sample standard deviation (n - 1) of the numbers that are defined.

    Example:
        >>> spread([0.75, 0.25])["mean"], spread([0.75, float("nan")])
        (0.5, {'mean': 0.75, 'sd': None})
    """
    known = [value for value in values if not isnan(value)]
    return {"mean": fmean(known) if known else None, "sd": stdev(known) if len(known) > 1 else None}


def figures(run: Run, score: Scorer, floor: Scorer) -> dict[str, Json]:
    """Return mean, sd, sd over seeds, pooled and floor, as this file's head defines them, of every score.

    Args:
        run: a complete one.
        score: gives the scores of any set of predictions.
        floor: gives their floors; a score that it leaves out has none.
    """
    found = {(job.seed, job.fold.number): score(job.said) for job in run.jobs}
    floors = [floor(job.said) for job in run.jobs if job.seed == run.seeds[0]]
    whole = [score(pooled(run, seed)) for seed in run.seeds]
    numbers = [fold.number for fold in run.plan.folds]
    return {
        name: {
            **spread(mean(found[seed, number][name] for seed in run.seeds) for number in numbers),
            "sd_over_seeds": spread(mean(found[seed, number][name] for number in numbers) for seed in run.seeds)["sd"],
            "pooled": defined(mean(scores[name] for scores in whole)),
            "floor": defined(mean(scores[name] for scores in floors)) if name in floors[0] else None,
        }
        for name in whole[0]
    }


def pooled(run: Run, seed: int) -> Predictions:
    """Return the predictions of all folds with one seed."""
    return Predictions.pool([job.said for job in run.jobs if job.seed == seed])


def mean(values: Iterable[float]) -> float:
    """Return the mean of the numbers that are defined; NaN if none is."""
    found = spread(values)["mean"]
    return float("nan") if found is None else found


def defined(value: float) -> float | None:
    """Return None for NaN, which JSON cannot hold."""
    return None if isnan(value) else value
