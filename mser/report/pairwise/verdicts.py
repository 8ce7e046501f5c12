"""What is said of two runs: which is better, whether that can be decided, and what would decide it."""

from __future__ import annotations

from collections.abc import Sequence

from mser.report.figures import Interval
from mser.report.pairwise.pair import Pair
from mser.report.pairwise.pairs import SIGNIFICANT
from mser.report.printed import between, counted, p_value
from mser.report.sentences import missing
from mser.runs.run import Run
from mser.scoring.luck import LEAST_SEEDS
from mser.scoring.measures import measure, shown


def sentence(pair: Pair, compared: int) -> str:
    """Return a comparison of two runs as a sentence, such as *A is better than B by 1.3 UA points [0.2, 2.4]*.

    Args:
        pair: of two runs.
        compared: how many pairs were decided, for which p has been corrected.
    """
    if pair.p_holm is None:
        return _undecided(pair)
    corrected = f" (Holm, {compared} comparisons)" if compared > 1 else ""
    difference = f"{_points(pair, pair.difference)}{_between(pair.interval, pair)}"
    rest = f"{difference}, {p_value(pair.p_holm)}{corrected}, over {_units(pair)}"
    if pair.is_better:
        return f"{pair.better} is better than {pair.worse} by {rest}."
    least = pair.smallest_detectable
    detectable = f"; {_points(pair, least)} would be found four times of five" if least else ""
    but = ""
    if pair.of_these_weights.p_holm < SIGNIFICANT:
        but = f" The trained models differ ({_of_weights(pair)}), which training again may undo."
    return f"{pair.better} and {pair.worse} cannot be told apart: the difference is {rest}{detectable}.{but}"


def family(pairs: Sequence[Pair]) -> str:
    """Return what p values and intervals are corrected for, and what the swaps of so few speakers can show at most.

    Args:
        pairs: those of one report.

    Returns:
        A sentence or two; nothing for a single pair that could be found.
    """
    decided = sum(pair.p is not None for pair in pairs)
    least = pairs[0].swaps.least_p * len(pairs)
    sentence = ""
    if decided > 1:
        sentence = (
            f"p and intervals are corrected for the {decided} comparisons of this report (Holm 1979); comparisons made "
            "in other reports are not counted. "
        )
    if least > SIGNIFICANT:
        after = f" after the correction for {len(pairs)} comparisons" if len(pairs) > 1 else ""
        sentence += (
            f"Swapping the answers to {_clusters(pairs[0])} gives no smaller p of these weights than "
            f"{least:.2g}{after}: too few to call any two trained models different."
        )
    return sentence.rstrip()


def notes(runs: Sequence[Run]) -> list[str]:
    """Return what differs between runs that are compared, a line each: partial ones, and other seeds."""
    whole = [run for run in runs if not run.missing]
    lines = []
    for run in runs:
        if run.missing:
            lines.append(f"{run.name} is compared with nothing: it lacks {missing(run.missing)}.")
    if len({run.seeds for run in whole}) > 1:
        seeds = ", ".join(f"{run.name} {_listed(run.seeds)}" for run in whole)
        lines.append(f"The runs have different seeds: {seeds}. Each is the mean over its own.")
    return lines


def _clusters(pair: Pair) -> str:
    """Return how many speakers a pair was heard on."""
    return counted(pair.swaps.unit, pair.swaps.clusters, pair.swaps.unnamed)


def _undecided(pair: Pair) -> str:
    """Return what is known of the trained models, and the command that would tell of the settings."""
    weights, seeds = pair.of_these_weights, min(pair.seeds)
    differ = weights.p_holm < SIGNIFICANT and weights.interval is not None and weights.interval[0] > 0
    are = "differ" if differ else "cannot be told apart"
    ahead = f"{_points(pair, pair.difference)}{_between(weights.interval, pair)}"
    models = f"These two trained models {are}: {pair.better} is ahead by {ahead}"
    if not pair.difference:
        models = "These two trained models score the same"
    if seeds >= LEAST_SEEDS:
        return f"{models}, {_of_weights(pair)}; nothing tells how sure that is for others."
    few = "one seed each" if max(pair.seeds) == 1 else f"fewer than {LEAST_SEEDS} seeds"
    return (
        f"{models}, {_of_weights(pair)}. With {few} and one split nothing tells whether the settings do: "
        f"run {_to_run(pair)} with --seeds 1,2,3."
    )


def _to_run(pair: Pair) -> str:
    """Return which trained runs need more seeds; a late fusion cannot be run, only those it is made of can."""
    *first, last = pair.too_few_seeds
    if {*first, last} == {pair.better, pair.worse}:
        return "both"
    return f"{', '.join(first)} and {last}" if first else last


def _between(interval: Interval | None, pair: Pair) -> str:
    return f" {between(interval, pair.score)}" if interval else ""


def _points(pair: Pair, value: float) -> str:
    title = measure(pair.score).title
    return f"{shown(pair.score, value)} {title}{' points' if measure(pair.score).unit else ''}"


def _of_weights(pair: Pair) -> str:
    return f"{p_value(pair.of_these_weights.p_holm)} over {_clusters(pair)}"


def _units(pair: Pair) -> str:
    """Return what the verdict rests on: ``5 folds, one seed each``, or ``10 speakers, 3 and 5 seeds``."""
    one, other = pair.seeds
    number = f"{one} seeds each" if one == other else f"{one} and {other} seeds"
    if pair.method == "folds":
        return f"{pair.folds} folds, {'one seed each' if one == other == 1 else number}"
    folds = f" in {pair.folds} folds" if pair.folds > 1 else ""
    return f"{_clusters(pair)}{folds} and {number}"


def _listed(seeds: Sequence[int]) -> str:
    return f"has {'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}"
