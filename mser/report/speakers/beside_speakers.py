"""What a run's tested speakers gave away by being trained on: its score beside that in folds of unheard speakers."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from mser.report.figures import Figure, Interval, figures
from mser.runs.folder import BESIDE_SPEAKERS, PROTOCOL
from mser.runs.run import Run, read_run
from mser.scoring.clusters import clusters_of
from mser.scoring.means import mean
from mser.scoring.measures import measure
from mser.scoring.scorers import Judge


@dataclass(frozen=True)
class BesideSpeakers:
    """The first score of the same experiment in folds of unheard speakers.

    Attributes:
        figure: of that score.
        given_away: by how much the run is better.
        interval: 95 % of that; None where one of the two has none. As if the two had nothing in common (Zou and Donner
            2008), which makes it too wide rather than too narrow: the same clips are tested.
        trained: utterances in a training part of the run, on average over folds.
        trained_beside: the same in the folds of unheard speakers.
    """

    figure: Figure
    given_away: float | None
    interval: Interval | None
    trained: float
    trained_beside: float


def beside_speakers(run: Run, judge: Judge, own: Figure) -> BesideSpeakers | None:
    """Return what ``mser crossval --beside speakers`` found; None where it was not asked, or is not finished.

    Args:
        run: a complete one.
        judge: how it is judged.
        own: the figure of its first score.

    Raises:
        UserError: if the run beside it cannot be believed.
    """
    folder = run.folder / BESIDE_SPEAKERS
    if not (folder / PROTOCOL).is_file() or not any(folder.glob("seed*/fold*/metrics.json")):
        return None
    beside = read_run(folder)
    if beside.missing or beside.seeds != run.seeds:
        return None
    name = judge.headline[0]
    other = figures(beside, judge.scorer, clusters_of(beside))[name]
    better = measure(name).better
    difference = None if own.mean is None or other.mean is None else own.mean - other.mean
    return BesideSpeakers(
        figure=other,
        given_away=None if difference is None else better * difference,
        interval=_difference(own, other, better),
        trained=mean(len(fold.train) for fold in run.plan.folds),
        trained_beside=mean(len(fold.train) for fold in beside.plan.folds),
    )


def _difference(own: Figure, other: Figure, better: int) -> Interval | None:
    if own.mean is None or other.mean is None or own.surest is None or other.surest is None:
        return None
    one, two = own.surest, other.surest
    difference = own.mean - other.mean
    low = difference - hypot(own.mean - one[0], two[1] - other.mean)
    high = difference + hypot(one[1] - own.mean, other.mean - two[0])
    return (low, high) if better > 0 else (-high, -low)
