"""Two runs on the same utterances: by how much they differ, and whether that could be chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from mser.report.figures import by_seed_and_fold, models_error
from mser.runs.run import Json, Run
from mser.scoring.clusters import Clusters, clusters, replicates
from mser.scoring.influence import independent_error, influences
from mser.scoring.luck import LEAST_SEEDS, Error, Method, of_difference
from mser.scoring.means import defined
from mser.scoring.measures import measure
from mser.scoring.scorers import Judge
from mser.scoring.statistics import LEVEL, SEED, Floats, holm, mcnemar, permutation_p, sign_flips

SIGNIFICANT = 1 - LEVEL


def pairs(runs: Sequence[Run], judged: Judge) -> list[Json]:
    """Return every two complete runs compared by the first headline score, in the order given.

    Args:
        runs: of the same utterances and truth.
        judged: how they are judged.

    Returns:
        For each pair, the better run first:

        - ``better``, ``worse``: names. ``score``: which one. ``difference``: positive where more is better.
        - ``verdict``: ``better``; ``unclear``; or ``undecidable``, where nothing tells what other seeds would change.
        - ``method``: ``seeds``, ``folds`` or ``none`` (`mser.scoring.luck`), for the settings, other seeds and training
          sets included: ``p``, and ``p_holm``, corrected for the number of pairs; ``interval`` of the difference from
          the same error, corrected alike, so that it leaves out 0 exactly where the verdict is ``better``;
          ``smallest_detectable``, the difference that four fifths of such comparisons would find;
          ``degrees_of_freedom``. All are null where the method is ``none``.
        - ``seeds``: how many either run has. ``folds``: their number. ``too_few_seeds``: the names of the trained runs
          that have too few to decide by seeds, which of a late fusion are the two that it is made of.
        - ``of_these_weights``: what is known of the trained models alone, as `_of_these_weights` returns it. What does
          not depend on the method (``flips``, ``mcnemar`` ...) stands in the pair itself too.
    """
    whole = [run for run in runs if not run.missing]
    if len(whole) < 2:
        return []
    found = clusters(whole[0])
    sides = [_Side.of(run, judged, found) for run in whole]
    compared = [_pair(one, other, judged, found) for one, other in combinations(sides, 2)]
    return _corrected(compared)


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
    def of(cls, run: Run, judged: Judge, found: Clusters) -> _Side:
        name, scorer = judged.headline[0], judged.scorer
        return cls(
            run,
            tables=list(found.sums(run, scorer).values()),
            scores=by_seed_and_fold(run, scorer)[name],
            resampled=replicates(run, scorer, found)[name] if found.freedom >= 1 else None,
            moved=influences(run, scorer)[name],
        )


def _pair(one: _Side, other: _Side, judged: Judge, found: Clusters) -> tuple[Json, Error | None]:
    """Return a pair before it is corrected for the number of pairs, and the error behind its verdict."""
    name = judged.headline[0]
    flips, exact = sign_flips(len(found.names), np.random.default_rng(SEED))
    swapped = _swapped([one.tables, other.tables], flips.astype(float), judged, found) * measure(name).better
    if swapped[0] < 0:
        return _pair(other, one, judged, found)
    difference, least = float(swapped[0]), independent_error(one.moved, other.moved)
    speakers = None
    if one.resampled is not None and other.resampled is not None:
        speakers = models_error(
            difference, (one.resampled - other.resampled) * measure(name).better, found.freedom, least
        )
    method, error = of_difference(one.scores, other.scores, speakers, least)
    tests = {"flips": len(flips), "exact": exact, "least_p": 2 ** (1 - len(found.names))}
    tests |= {"effect": _effect(difference, speakers, found), "mcnemar": _mcnemar(one.run, other.run)}
    tests |= {"clusters": len(found.names), "unnamed": found.facts()["unnamed"], "unit": found.unit}
    return {
        "better": one.run.name,
        "worse": other.run.name,
        "score": name,
        "difference": difference,
        **_of_method(method, difference, error),
        "seeds": [len(one.run.seeds), len(other.run.seeds)],
        "folds": len(one.run.plan.folds),
        "too_few_seeds": _too_few_seeds(one.run, other.run),
        **tests,
        "of_these_weights": {
            "interval": _ends(difference, speakers, LEVEL),
            "p": permutation_p(swapped),
            **tests,
        },
    }, error


def _too_few_seeds(*runs: Run) -> list[str]:
    few = [run for run in runs if len(run.seeds) < LEAST_SEEDS]
    names: list[str] = []
    for run in few:
        trained = run.made_of or (run,)
        # Runs that have enough each but do not share them have to share them.
        lacking = [one for one in trained if len(one.seeds) < LEAST_SEEDS] or trained
        names += [one.name for one in lacking if one.name not in names]
    return names


def _of_method(method: Method, difference: float, error: Error | None) -> Json:
    if error is None and difference:
        method = "none"
    p = error.p(difference) if error else 1.0
    freedom = error.freedom if error else None
    return {"method": method, "p": None if method == "none" else p, "degrees_of_freedom": freedom}


def _corrected(compared: Sequence[tuple[Json, Error | None]]) -> list[Json]:
    """Return the pairs with their verdicts, corrected for how many there are (Holm 1979).

    The interval of a pair is as wide as its correction asks: p times as much is at most the level where 0 is in it.
    """
    decided = [pair["p"] for pair, _ in compared if pair["p"] is not None]
    corrected = iter(holm(decided))
    weights = holm([pair["of_these_weights"]["p"] for pair, _ in compared])
    found = []
    for (pair, error), of_weights in zip(compared, weights, strict=True):
        p_holm = next(corrected) if pair["p"] is not None else None
        times = min(len(decided), p_holm / pair["p"]) if p_holm and pair["p"] else len(decided)
        verdict = "undecidable" if p_holm is None else "better" if p_holm < SIGNIFICANT else "unclear"
        found.append(
            pair
            | {
                "verdict": verdict,
                "p_holm": p_holm,
                "interval": _ends(pair["difference"], error, 1 - SIGNIFICANT / max(1, times)),
                "smallest_detectable": error.detectable(1 - SIGNIFICANT / len(decided)) if error else None,
                "of_these_weights": pair["of_these_weights"] | {"p_holm": of_weights},
            }
        )
    return found


def _ends(difference: float, error: Error | None, level: float) -> list[float] | None:
    if error is None:
        return None
    half = error.half_width(level)
    return [difference - half, difference + half]


def _effect(difference: float, speakers: Error | None, found: Clusters) -> float | None:
    """Return Cohen's d_z over speakers: the difference in standard deviations of the speakers' differences."""
    return defined(difference / (speakers.size * np.sqrt(len(found.names)))) if speakers else None


def _swapped(tables: list[Sequence[Floats]], flips: Floats, judged: Judge, found: Clusters) -> Floats:
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
    if not one.plan.task.is_one_label:
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
