"""Robustness of several runs in one picture and one table: whose score falls less as transcripts and sound go wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mser.report.pairwise.side_by_side import Beside, beside
from mser.report.pictures.damage import damage
from mser.report.pictures.robustness_curves_together import MOST_CURVES, Curve, Look, curves, look
from mser.report.robustness import Robustness
from mser.report.robustness_words import requested
from mser.report.summary import Summary
from mser.scoring.measures import measure


@dataclass(frozen=True)
class Together:
    """What runs that were asked under the same conditions of one part say.

    Attributes:
        part: ``test`` or ``validation``.
        score: which headline score.
        pictures: SVG elements, one for wrong words and one for each noise.
        damage: an SVG element of what each condition costs each run; empty where none is an everyday one.
        keys: (run's name, how its curve is drawn), the best run first.
        left_out: how many runs are in the table alone.
        table: a row per run and a column per condition that all were asked under; None where there is none.
    """

    part: str
    score: str
    pictures: Sequence[str]
    damage: str
    keys: Sequence[tuple[str, Look]]
    left_out: int
    table: Beside | None


def together(runs: Sequence[Summary]) -> list[Together]:
    """Return for each part what the runs say that were asked about it; nothing where that is fewer than two."""
    joined = []
    whole = [run for run in runs if run.sections]
    for part in ("test", "validation"):
        parts = {run.name: one for run in whole for one in run.full.robustness if one.part == part}
        several = {name: one for name, one in parts.items() if len(one.conditions) > 1}
        if len(several) > 1:
            joined.append(_together(several, part, whole[0].headline[0]))
    return joined


def _together(parts: Mapping[str, Robustness], part: str, score: str) -> Together:
    floor = next(iter(parts.values())).floor[score]
    means = {name: one.conditions[0].scores[score].mean for name, one in parts.items()}
    scored = {name: mean for name, mean in means.items() if mean is not None}
    best = sorted(scored, key=lambda name: measure(score).better * scored[name], reverse=True)[:MOST_CURVES]
    drawn = [Curve(name, parts[name].conditions, look(place)) for place, name in enumerate(best)]
    return Together(
        part=part,
        score=score,
        pictures=curves(drawn, score, floor, key=f"together-{part}"),
        damage=_damage(drawn, parts, part, score),
        keys=[(curve.name, curve.look) for curve in drawn],
        left_out=len(parts) - len(drawn),
        table=_table(parts, score),
    )


def _damage(drawn: Sequence[Curve], parts: Mapping[str, Robustness], part: str, score: str) -> str:
    everyday = [one for one in drawn if parts[one.name].everyday]
    if len(everyday) < 2:
        return ""
    label = f"What each condition costs {', '.join(one.name for one in everyday)}; the numbers are in the table below"
    return damage(everyday, score, key=f"together-cost-{part}", label=label)


def _table(parts: Mapping[str, Robustness], score: str) -> Beside | None:
    rows = [(name, {requested(row): row.scores[score] for row in one.conditions}) for name, one in parts.items()]
    return beside("Under harder conditions", score, ("robustness",), rows)
