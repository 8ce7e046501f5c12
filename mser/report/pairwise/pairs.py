"""Compares runs on the same utterances, two at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from mser.report.figures import Interval, by_seed_and_fold, models_error
from mser.report.pairwise.pair import McNemar, OfWeights, Pair, Swaps
from mser.runs.run import Run
from mser.scoring.clusters import Clusters, clusters_of, replicates
from mser.scoring.influence import independent_error, influences
from mser.scoring.luck import LEAST_SEEDS, Error, Method, of_difference
from mser.scoring.means import defined
from mser.scoring.measures import measure
from mser.scoring.scorers import Judge
from mser.scoring.statistics import LEVEL, SEED, Floats, holm, mcnemar, permutation_p, sign_flips

SIGNIFICANT = 1 - LEVEL


def pairs(runs: Sequence[Run], judged: Judge) -> list[Pair]:
    """Return every two complete runs compared by the first headline score, the better of the two first.

    Args:
        runs: of the same utterances and truth.
        judged: how they are judged.

    Returns:
        A pair for each, in the order given, without its sentence.
    """
    whole = [run for run in runs if not run.missing]
    if len(whole) < 2:
        return []
    clusters = clusters_of(whole[0])
    sides = [_Side.of(run, judged, clusters) for run in whole]
    return _corrected([_difference(one, other, judged, clusters) for one, other in combinations(sides, 2)])


@dataclass(frozen=True)
class _Side:
    """One run of a pair.

    Attributes:
        run: a complete one.
        tables: for each seed the sums of each cell.
        scores: (S, K) the compared score by seed and fold.
        resampled: (R,) its replicates; None where speakers are too few.
        moved: by fold how much each utterance moves it.
    """

    run: Run
    tables: Sequence[Floats]
    scores: Floats
    resampled: Floats | None
    moved: Mapping[int, Floats]

    @classmethod
    def of(cls, run: Run, judged: Judge, clusters: Clusters) -> _Side:
        name, scorer = judged.headline[0], judged.scorer
        return cls(
            run,
            tables=list(clusters.sums(run, scorer).values()),
            scores=by_seed_and_fold(run, scorer)[name],
            resampled=replicates(run, scorer, clusters)[name] if clusters.freedom >= 1 else None,
            moved=influences(run, scorer)[name],
        )


@dataclass(frozen=True)
class _Difference:
    """A pair before it is corrected for the number of pairs.

    Attributes:
        better: the better run.
        worse: the other.
        score: which one.
        value: by how much it is better.
        method: how the difference is judged.
        error: behind the verdict.
        p: of the difference; None where the method is ``none``.
        interval_of_weights: of the trained models alone.
        p_of_weights: the same.
        swaps: how that was told.
    """

    better: Run
    worse: Run
    score: str
    value: float
    method: Method
    error: Error | None
    p: float | None
    interval_of_weights: Interval | None
    p_of_weights: float
    swaps: Swaps


def _difference(one: _Side, other: _Side, judged: Judge, clusters: Clusters) -> _Difference:
    name = judged.headline[0]
    flips, exact = sign_flips(len(clusters.names), np.random.default_rng(SEED))
    swapped = _swapped([one.tables, other.tables], flips.astype(float), judged, clusters) * measure(name).better
    if swapped[0] < 0:
        return _difference(other, one, judged, clusters)
    value, least = float(swapped[0]), independent_error(one.moved, other.moved)
    speakers = None
    if one.resampled is not None and other.resampled is not None:
        speakers = models_error(
            value, (one.resampled - other.resampled) * measure(name).better, clusters.freedom, least
        )
    method, error = of_difference(one.scores, other.scores, speakers, least)
    if error is None and value:
        method = "none"
    swaps = Swaps(
        flips=len(flips),
        exact=exact,
        least_p=2 ** (1 - len(clusters.names)),
        effect=_effect(value, speakers, clusters),
        mcnemar=_mcnemar(one.run, other.run),
        clusters=len(clusters.names),
        unnamed=clusters.unnamed,
        unit=clusters.unit,
    )
    return _Difference(
        better=one.run,
        worse=other.run,
        score=name,
        value=value,
        method=method,
        error=error,
        p=None if method == "none" else error.p(value) if error else 1.0,
        interval_of_weights=_ends(value, speakers, LEVEL),
        p_of_weights=permutation_p(swapped),
        swaps=swaps,
    )


def _too_few_seeds(*runs: Run) -> list[str]:
    few = [run for run in runs if len(run.seeds) < LEAST_SEEDS]
    names: list[str] = []
    for run in few:
        trained = run.made_of or (run,)
        # Runs that have enough each but do not share them have to share them.
        lacking = [one for one in trained if len(one.seeds) < LEAST_SEEDS] or trained
        names += [one.name for one in lacking if one.name not in names]
    return names


def _corrected(differences: Sequence[_Difference]) -> list[Pair]:
    """Return the pairs with their verdicts, corrected for how many there are (Holm 1979)."""
    decided = [difference.p for difference in differences if difference.p is not None]
    corrected = iter(holm(decided))
    of_weights = holm([difference.p_of_weights for difference in differences])
    return [
        _pair(difference, next(corrected) if difference.p is not None else None, p_of_weights, len(decided))
        for difference, p_of_weights in zip(differences, of_weights, strict=True)
    ]


def _pair(difference: _Difference, p_holm: float | None, p_of_weights: float, decided: int) -> Pair:
    """Return a pair with its verdict.

    Its interval is as wide as its correction asks: p times as much is at most the level where 0 is in it.
    """
    better, worse, error, swaps = difference.better, difference.worse, difference.error, difference.swaps
    times = min(decided, p_holm / difference.p) if p_holm and difference.p else decided
    return Pair(
        better=better.name,
        worse=worse.name,
        score=difference.score,
        difference=difference.value,
        method=difference.method,
        p=difference.p,
        degrees_of_freedom=error.freedom if error else None,
        seeds=(len(better.seeds), len(worse.seeds)),
        folds=len(better.plan.folds),
        too_few_seeds=_too_few_seeds(better, worse),
        swaps=swaps,
        of_these_weights=OfWeights(difference.interval_of_weights, difference.p_of_weights, swaps, p_of_weights),
        verdict="undecidable" if p_holm is None else "better" if p_holm < SIGNIFICANT else "unclear",
        p_holm=p_holm,
        interval=_ends(difference.value, error, 1 - SIGNIFICANT / max(1, times)),
        smallest_detectable=error.detectable(1 - SIGNIFICANT / decided) if error else None,
    )


def _ends(difference: float, error: Error | None, level: float) -> Interval | None:
    if error is None:
        return None
    half = error.half_width(level)
    return difference - half, difference + half


def _effect(difference: float, speakers: Error | None, clusters: Clusters) -> float | None:
    """Return Cohen's d_z over speakers: the difference in standard deviations of the speakers' differences."""
    return defined(difference / (speakers.size * np.sqrt(len(clusters.names)))) if speakers else None


def _swapped(tables: list[Sequence[Floats]], flips: Floats, judged: Judge, clusters: Clusters) -> Floats:
    """Return (P,) the difference of the two runs' scores where the clusters of a row's -1 have swapped predictions.

    As many seeds in both runs are paired in their order; otherwise each seed meets each.
    """
    alike = len(tables[0]) == len(tables[1])
    seeds = list(zip(*tables, strict=True) if alike else product(*tables))
    name, total = judged.headline[0], np.zeros(len(flips))
    for one, other in seeds:
        half, mean = (one - other) / 2, (one + other) / 2
        total += clusters.scores(judged.scorer, flips, half, mean)[name]
        total -= clusters.scores(judged.scorer, flips, -half, mean)[name]
    return total / len(seeds)


def _mcnemar(one: Run, other: Run) -> McNemar | None:
    if not one.plan.task.is_one_label:
        return None
    right = [
        {
            (job.fold.number, utterance): hit
            for job in run.jobs
            if job.seed == run.seeds[0]
            for utterance, hit in zip(
                job.predictions.utterances, job.predictions.target == job.predictions.prediction, strict=True
            )
        }
        for run in (one, other)
    ]
    only_one = sum(bool(hit and not right[1][key]) for key, hit in right[0].items())
    only_other = sum(bool(hit and not right[0][key]) for key, hit in right[1].items())
    return McNemar((one.seeds[0], other.seeds[0]), only_one, only_other, mcnemar(only_one, only_other))
