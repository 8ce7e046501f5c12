"""Which pictures a page has: those of one run, and those of the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mser.report.pictures import charts as pictures
from mser.report.pictures import reliability as trust
from mser.report.pictures.charts import Strip
from mser.report.pictures.learning_curves import learning_curves
from mser.report.pictures.robustness_curves import robustness_curves
from mser.report.sentences import surest
from mser.runs.run import Json
from mser.scoring.measures import measure

_MOST_PAIRS = 10


def of_run(run: Json, key: str) -> dict[str, Any]:
    """Return the pictures of a run by their section, each an SVG element or several.

    Args:
        run: its summary.
        key: begins all ids in the pictures.
    """
    drawn: dict[str, Any] = {"curves": learning_curves(run["folds"], run["curve"], key=f"{key}-curves")}
    if run["classes"]:
        drawn |= _classes(run, key)
    if run["calibration"]:
        drawn["trust"] = [
            trust.reliability(
                run["calibration"], key=f"{key}-reliability", label=f"Reliability diagram of {run['name']}"
            ),
            trust.risk_coverage(
                run["abstaining"], key=f"{key}-abstaining", label=f"Risk-coverage curve of {run['name']}"
            ),
        ]
    if run["robustness"]:
        drawn["robustness"] = [
            robustness_curves(
                part, run["headline"][0], key=f"{key}-{part['part']}", label=f"Robustness of {run['name']}"
            )
            for part in run["robustness"]
        ]
    if run["scatter"]:
        drawn["scatter"] = {
            name: pictures.scatter(points, key=f"{key}-{name}", label=f"Predicted against true {name}, {run['name']}")
            for name, points in run["scatter"]["points"].items()
        }
    return drawn


def overview(runs: Sequence[Json], answer: str) -> list[str]:
    """Return the pictures of the answer: the headline scores of one run, or the first of each of several."""
    whole = [run for run in runs if run["complete"]]
    if not whole:
        return []
    names = whole[0]["headline"]
    if len(runs) > 1:
        strips = [[_strip(run, run["name"], names[0], run["overall"][names[0]]) for run in whole]]
    else:
        rows = [_strip(whole[0], measure(name).title, name, whole[0]["overall"][name]) for name in names]
        # Only shares can be drawn on one axis.
        strips = [rows] if all(measure(name).unit for name in names) else [[row] for row in rows]
    label = f"{answer} One dot per {dot(whole[0])}."
    return [pictures.strips(rows, key=f"overview{number}", label=label) for number, rows in enumerate(strips)]


def differences(pairs: Sequence[Json]) -> str:
    """Return a picture of how far runs lie apart: every two, or the best and each other where there are many."""
    if not pairs:
        return ""
    wins = Counter(pair["better"] for pair in pairs)
    best = max(wins, key=lambda name: wins[name])
    drawn = [pair for pair in pairs if len(pairs) <= _MOST_PAIRS or pair["better"] == best]
    label = " ".join(pair["sentence"] for pair in drawn)
    return pictures.differences(drawn, key="differences", label=label)


def dot(run: Json) -> str:
    """Return what a dot in a strip of this run stands for."""
    if len(run["folds"]) == 1:
        return "seed"
    return "fold, mean over seeds" if len(run["seeds"]) > 1 else "fold"


def _classes(run: Json, key: str) -> dict[str, str]:
    classes = [
        _strip(run, label, f"recall_{label}", entry["recall"])
        for label, entry in run["classes"].items()
        if entry["recall"]["mean"] is not None  # no fold tests this class
    ]
    label = f"Confusion matrix of {run['name']}; its numbers are in the table below it"
    return {
        "classes": pictures.strips(classes, key=f"{key}-classes", label=f"Recall of each class, {run['name']}"),
        "confusion": pictures.confusion(run["confusion"], key=f"{key}-confusion", label=label),
    }


def _strip(run: Json, name: str, score: str, figure: Mapping[str, Any]) -> Strip:
    if len(run["folds"]) == 1:
        dots = [seed[score] for seed in run["folds"][0]["seeds"]]
    else:
        dots = [fold["mean"][score] for fold in run["folds"]]
    known = [score for score in dots if score is not None]
    return Strip(pictures.short(name), score, known, figure["mean"], surest(figure), figure["floor"])
