"""Which pictures a page has: those of one run, and those of the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mser.report.by_label import ClassScores, Confusion
from mser.report.figures import Figure
from mser.report.pairwise.pair import Pair
from mser.report.pictures import charts as pictures
from mser.report.pictures import reliability as trust
from mser.report.pictures.charts import Strip
from mser.report.pictures.damage import damage
from mser.report.pictures.learning_curves import learning_curves
from mser.report.pictures.robustness_curves import robustness_curves
from mser.report.pictures.robustness_curves_together import Curve, look
from mser.report.robustness import Robustness
from mser.report.sections import Sections
from mser.report.summary import Summary
from mser.scoring.measures import measure

_MOST_PAIRS = 10


@dataclass(frozen=True)
class Pictures:
    """The pictures of a run by their section, each an SVG element or several.

    Attributes:
        curves: (fold's name, learning curves).
        classes: the recall of each class.
        confusion: their confusion matrix.
        trust: a reliability diagram and a risk-coverage curve.
        robustness: those of each part that was asked about.
        damage: of each of these what every condition costs; empty where none is an everyday one.
        scatter: predicted against true scores by score.
    """

    curves: Sequence[tuple[str, str]]
    classes: str = ""
    confusion: str = ""
    trust: Sequence[str] = ()
    robustness: Sequence[Sequence[str]] = ()
    damage: Sequence[str] = ()
    scatter: Mapping[str, str] = field(default_factory=dict)


def of_run(run: Summary, key: str) -> Pictures:
    """Return the pictures of a run.

    Args:
        run: what is said of it.
        key: begins all ids in the pictures.
    """
    curves = learning_curves(run.folds, run.curve, key=f"{key}-curves")
    if not run.sections:
        return Pictures(curves)
    by_label = run.sections.by_label
    return Pictures(
        curves,
        classes=_classes(run, by_label.classes, key) if by_label.classes else "",
        confusion=_confusion(run, by_label.confusion, key) if by_label.confusion else "",
        trust=_trust(run, run.sections, key),
        robustness=[
            robustness_curves(part, run.headline[0], key=f"{key}-{part.part}", label=f"Robustness of {run.name}")
            for part in run.sections.robustness
        ],
        damage=[_damage(run, part, key) for part in run.sections.robustness],
        scatter={
            name: pictures.scatter(points, key=f"{key}-{name}", label=f"Predicted against true {name}, {run.name}")
            for name, points in (by_label.scatter.points if by_label.scatter else {}).items()
        },
    )


def _damage(run: Summary, part: Robustness, key: str) -> str:
    if not part.everyday:
        return ""
    label = f"What each condition costs {run.name}, the worst first; its numbers are in the table below it"
    return damage(
        [Curve(run.name, part.conditions, look(0))], run.headline[0], key=f"{key}-cost-{part.part}", label=label
    )


def overview(runs: Sequence[Summary], answer: str) -> list[str]:
    """Return the pictures of the answer: the headline scores of one run, or the first of each of several."""
    whole = [run for run in runs if run.complete]
    if not whole:
        return []
    names = whole[0].headline
    if len(runs) > 1:
        strips = [[_strip(run, run.name, names[0], run.overall[names[0]]) for run in whole]]
    else:
        rows = [_strip(whole[0], measure(name).title, name, whole[0].overall[name]) for name in names]
        # Only shares can be drawn on one axis.
        strips = [rows] if all(measure(name).unit for name in names) else [[row] for row in rows]
    label = f"{answer} One dot per {dot(whole[0])}."
    return [pictures.strips(rows, key=f"overview{number}", label=label) for number, rows in enumerate(strips)]


def differences(pairs: Sequence[Pair]) -> str:
    """Return a picture of how far runs lie apart: every two, or the best and each other where there are many."""
    if not pairs:
        return ""
    wins = Counter(pair.better for pair in pairs)
    best = max(wins, key=lambda name: wins[name])
    drawn = [pair for pair in pairs if len(pairs) <= _MOST_PAIRS or pair.better == best]
    label = " ".join(pair.sentence for pair in drawn)
    return pictures.differences(drawn, key="differences", label=label)


def dot(run: Summary) -> str:
    """Return what a dot in a strip of this run stands for."""
    if len(run.folds) == 1:
        return "seed"
    return "fold, mean over seeds" if len(run.seeds) > 1 else "fold"


def _classes(run: Summary, classes: Mapping[str, ClassScores], key: str) -> str:
    rows = [
        _strip(run, label, f"recall_{label}", entry.scores["recall"])
        for label, entry in classes.items()
        if entry.scores["recall"].mean is not None  # no fold tests this class
    ]
    return pictures.strips(rows, key=f"{key}-classes", label=f"Recall of each class, {run.name}")


def _confusion(run: Summary, confusion: Confusion, key: str) -> str:
    label = f"Confusion matrix of {run.name}; its numbers are in the table below it"
    return pictures.confusion(confusion, key=f"{key}-confusion", label=label)


def _trust(run: Summary, sections: Sections, key: str) -> list[str]:
    if not sections.calibration or not sections.abstaining:
        return []
    return [
        trust.reliability(sections.calibration, key=f"{key}-reliability", label=f"Reliability diagram of {run.name}"),
        trust.risk_coverage(sections.abstaining, key=f"{key}-abstaining", label=f"Risk-coverage curve of {run.name}"),
    ]


def _strip(run: Summary, name: str, score: str, figure: Figure) -> Strip:
    if len(run.folds) == 1:
        dots = [seed.scores[score] for seed in run.folds[0].seeds]
    else:
        dots = [fold.mean[score] for fold in run.folds if fold.mean]
    values = [value for value in dots if value is not None]
    return Strip(pictures.short(name), score, values, figure.mean, figure.surest, figure.floor)
