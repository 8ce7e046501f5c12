"""What is said of two runs: which is better, whether that can be decided, and what would decide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mser.report.pairwise.pairs import SIGNIFICANT
from mser.report.sentences import between, counted, missing, p_value
from mser.runs.run import Json, Run
from mser.scoring.luck import LEAST_SEEDS
from mser.scoring.measures import measure, shown


def told(pair: Mapping[str, Any], compared: int) -> str:
    """Return a comparison of two runs as a sentence.

    Args:
        pair: what `mser.report.pairwise.pairs.pairs` says of it.
        compared: how many pairs were decided, for which p has been corrected.

    Example:
        >>> pair = {"better": "shallow", "worse": "coattention", "score": "ua", "difference": 0.013, "p_holm": 0.0312,
        ...         "interval": (0.002, 0.024), "verdict": "better", "method": "folds", "folds": 5, "seeds": [1, 1]}
        >>> told(pair, compared=1)
        'shallow is better than coattention by 1.3 UA points [0.2, 2.4], p = 0.031, over 5 folds, one seed each.'
    """
    if pair["verdict"] == "undecidable":
        return _undecided(pair)
    corrected = f" (Holm, {compared} comparisons)" if compared > 1 else ""
    rest = f"{_difference(pair)}, {p_value(pair['p_holm'])}{corrected}, over {_units(pair)}"
    if is_better(pair):
        return f"{pair['better']} is better than {pair['worse']} by {rest}."
    least = pair["smallest_detectable"]
    found = f"; {_points(pair, least)} would be found four times of five" if least else ""
    weights = pair["of_these_weights"]
    but = ""
    if weights["p_holm"] < SIGNIFICANT:
        but = f" The trained models differ ({_of_weights(pair)}), which training again may undo."
    return f"{pair['better']} and {pair['worse']} cannot be told apart: the difference is {rest}{found}.{but}"


def is_better(pair: Mapping[str, Any]) -> bool:
    """Return whether a difference is beyond chance, that of training included."""
    return bool(pair["verdict"] == "better")


def family(pairs: Sequence[Json]) -> str:
    """Return what p values and intervals are corrected for, and what the swaps of so few speakers can show at most.

    Args:
        pairs: those of one report.

    Returns:
        A sentence or two; nothing for a single pair that could be found.
    """
    decided = sum(pair["p"] is not None for pair in pairs)
    least = pairs[0]["least_p"] * len(pairs)
    told = ""
    if decided > 1:
        told = (
            f"p and intervals are corrected for the {decided} comparisons of this report (Holm 1979); comparisons made "
            "in other reports are not counted. "
        )
    if least > SIGNIFICANT:
        after = f" after the correction for {len(pairs)} comparisons" if len(pairs) > 1 else ""
        told += (
            f"Swapping the answers to {counted_clusters(pairs[0])} gives no smaller p of these weights than "
            f"{least:.2g}{after}: too few to call any two trained models different."
        )
    return told.rstrip()


def notes(runs: Sequence[Run]) -> list[str]:
    """Return what differs between runs that are compared, a line each: partial ones, and other seeds."""
    whole = [run for run in runs if not run.missing]
    lines = []
    for run in runs:
        if run.missing:
            jobs = {"missing": [{"seed": seed, "fold": fold} for seed, fold in run.missing]}
            lines.append(f"{run.name} is compared with nothing: it lacks {missing(jobs)}.")
    if len({run.seeds for run in whole}) > 1:
        seeds = ", ".join(f"{run.name} {_listed(run.seeds)}" for run in whole)
        lines.append(f"The runs have different seeds: {seeds}. Each is the mean over its own.")
    return lines


def counted_clusters(pair: Mapping[str, Any]) -> str:
    """Return how many speakers a pair was heard on."""
    return counted({"unit": pair["unit"], "number": pair["clusters"], "unnamed": pair["unnamed"]})


def _undecided(pair: Mapping[str, Any]) -> str:
    """Return what is known of the trained models, and the command that would tell of the settings."""
    weights, seeds = pair["of_these_weights"], min(pair["seeds"])
    differ = weights["p_holm"] < SIGNIFICANT and bool(weights["interval"]) and weights["interval"][0] > 0
    are = "differ" if differ else "cannot be told apart"
    models = f"These two trained models {are}: {pair['better']} is ahead by {_difference(weights | _named(pair))}"
    if not pair["difference"]:
        models = "These two trained models score the same"
    if seeds >= LEAST_SEEDS:
        return f"{models}, {_of_weights(pair)}; nothing tells how sure that is for others."
    few = "one seed each" if max(pair["seeds"]) == 1 else f"fewer than {LEAST_SEEDS} seeds"
    return (
        f"{models}, {_of_weights(pair)}. With {few} and one split nothing tells whether the settings do: "
        f"run {_to_run(pair)} with --seeds 1,2,3."
    )


def _to_run(pair: Mapping[str, Any]) -> str:
    """Return which trained runs need more seeds; a late fusion cannot be run, only those it is made of can."""
    *first, last = pair["too_few_seeds"]
    if {*first, last} == {pair["better"], pair["worse"]}:
        return "both"
    return f"{', '.join(first)} and {last}" if first else str(last)


def _named(pair: Mapping[str, Any]) -> dict[str, Any]:
    return {name: pair[name] for name in ("score", "difference")}


def _difference(pair: Mapping[str, Any]) -> str:
    ends = f" {between(pair['interval'], pair['score'])}" if pair["interval"] else ""
    return f"{_points(pair, pair['difference'])}{ends}"


def _points(pair: Mapping[str, Any], value: float) -> str:
    title = measure(pair["score"]).title
    return f"{shown(pair['score'], value)} {title}{' points' if measure(pair['score']).unit else ''}"


def _of_weights(pair: Mapping[str, Any]) -> str:
    return f"{p_value(pair['of_these_weights']['p_holm'])} over {counted_clusters(pair)}"


def _units(pair: Mapping[str, Any]) -> str:
    """Return what the verdict rests on: ``5 folds, one seed each``, or ``10 speakers, 3 and 5 seeds``."""
    one, other = pair["seeds"]
    number = f"{one} seeds each" if one == other else f"{one} and {other} seeds"
    if pair["method"] == "folds":
        return f"{pair['folds']} folds, {'one seed each' if one == other == 1 else number}"
    folds = f" in {pair['folds']} folds" if pair["folds"] > 1 else ""
    return f"{counted_clusters(pair)}{folds} and {number}"


def _listed(seeds: Sequence[int]) -> str:
    return f"has {'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}"
