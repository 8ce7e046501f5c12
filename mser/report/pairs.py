"""Two runs on the same utterances: by how much they differ, and whether that could be chance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np

from mser.runs.run import Json, Run
from mser.scoring.clusters import Clusters, clusters, replicates
from mser.scoring.means import defined
from mser.scoring.measures import measure
from mser.scoring.scorers import Judge, judge
from mser.scoring.statistics import SEED, Floats, holm, interval, mcnemar, permutation_p, sign_flips, standard_error


def pairs(runs: Sequence[Run]) -> list[Json]:
    """Return every two complete runs compared by the first headline score, in the order given.

    Returns:
        For each pair, the better run first:

        - ``better``, ``worse``: names. ``score``: which one.
        - ``difference``: of the scores, positive where more is better; ``interval``: its 95 % interval, from the same
          resampled speakers for both, or null.
        - ``p``: of the paired permutation test: under the null hypothesis either run could have said what the other
          said of a speaker, so all its predictions swap. ``flips``: how many swaps were tried; ``exact``: all of them.
        - ``p_holm``: p corrected for the number of pairs. ``least_p``: the least p that so few speakers allow.
        - ``effect``: Cohen's d_z over speakers: the difference in standard deviations of the speakers' differences.
        - ``mcnemar``: of accuracy with the first seeds, taking utterances for independent; null where no single label
          is right or wrong.
        - ``clusters``: their number. ``unit``: what they are.
    """
    whole = [run for run in runs if not run.missing]
    if len(whole) < 2:
        return []
    judged, found = judge(whole[0].question), clusters(whole[0])
    tables = [found.sums(run, judged.scorer) for run in whole]
    resampled = [replicates(run, judged.scorer, found) if found.freedom else {} for run in whole]
    name = judged.headline[0]
    compared = [
        _pair(
            [whole[a], whole[b]],
            [list(tables[a].values()), list(tables[b].values())],
            [resampled[a].get(name), resampled[b].get(name)],
            judged,
            found,
        )
        for a, b in combinations(range(len(whole)), 2)
    ]
    corrected = holm([pair["p"] for pair in compared])
    return [pair | {"p_holm": p} for pair, p in zip(compared, corrected, strict=True)]


def _pair(
    runs: list[Run], tables: list[list[Floats]], resampled: list[Floats | None], judged: Judge, found: Clusters
) -> Json:
    name = judged.headline[0]
    flips, exact = sign_flips(len(found.names), np.random.default_rng(SEED))
    swapped = _swapped(tables, flips.astype(float), judged, found) * measure(name).better
    if swapped[0] < 0:
        return _pair(runs[::-1], tables[::-1], resampled[::-1], judged, found)
    difference, error = float(swapped[0]), 0.0
    one, other = resampled
    if one is not None and other is not None:
        error = standard_error(difference, (one - other) * measure(name).better)
    p = permutation_p(swapped)
    return {
        "better": runs[0].name,
        "worse": runs[1].name,
        "score": name,
        "difference": difference,
        "interval": interval(difference, error, found.freedom),
        "p": p,
        "flips": len(flips),
        "exact": exact,
        "least_p": 2 ** (1 - len(found.names)),
        "effect": defined(difference / (error * np.sqrt(len(found.names))) if error else float("nan")),
        "mcnemar": _mcnemar(*runs),
        "clusters": len(found.names),
        "unit": found.unit,
    }


def _swapped(tables: list[list[Floats]], flips: Floats, judged: Judge, found: Clusters) -> Floats:
    """Return (P,) the difference of the two runs' scores where the clusters of a row's -1 have swapped predictions.

    As many seeds in both runs are paired in their order; otherwise each seed meets each.
    """
    alike = len(tables[0]) == len(tables[1])
    seeds = list(zip(*tables, strict=True) if alike else product(*tables))
    name, total = judged.headline[0], np.zeros(len(flips))
    for one, other in seeds:
        half, mean = (one - other) / 2, (one + other) / 2
        total += found.scores(judged.scorer, flips, half, mean)[name]
        total -= found.scores(judged.scorer, flips, -half, mean)[name]
    return total / len(seeds)


def _mcnemar(one: Run, other: Run) -> Json | None:
    if one.plan.task != "labels":
        return None
    right = [
        {
            (job.fold.number, utterance): hit
            for job in run.jobs
            if job.seed == run.seeds[0]
            for utterance, hit in zip(job.said.utterances, job.said.target == job.said.prediction, strict=True)
        }
        for run in (one, other)
    ]
    only_one = sum(bool(hit and not right[1][key]) for key, hit in right[0].items())
    only_other = sum(bool(hit and not right[0][key]) for key, hit in right[1].items())
    return {
        "seeds": [one.seeds[0], other.seeds[0]],
        "only_better": only_one,
        "only_worse": only_other,
        "p": mcnemar(only_one, only_other),
    }
