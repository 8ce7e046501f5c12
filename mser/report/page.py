"""The report as one self-contained page: no script, no address, readable on paper and a phone, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mser.report import pictures, trust, words
from mser.report.curves import learning_curves
from mser.report.measures import measure, shown
from mser.report.pictures import Strip
from mser.report.runs import Json


def page(report: Json) -> str:
    """Return the HTML of what ``report.json`` holds; the same report gives the same page, byte for byte."""
    environment = Environment(
        loader=PackageLoader("mser.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "measure": measure,
        "column": column,
        "percent": words.percent,
        "shown": lambda value, name: shown(name, value),
        "with_interval": words.with_interval,
        "between": words.between,
        "p_value": words.p_value,
        "is_better": words.is_better,
        "over": words.over,
        "dot": dot,
        "meanings": meanings,
        "duration": duration,
        "thousands": "{:,}".format,
        "findings": words.findings,
        "opened": words.opened,
        "missing": words.missing,
    }
    drawn = [_pictures(run, f"run{number}") for number, run in enumerate(report["runs"])]
    return environment.get_template("report.html").render(
        **report, pictures=drawn, overview=_overview(report["runs"], report["answer"])
    )


def column(name: str) -> str:
    """Return a score's title and unit, for the head of a column.

    Example:
        >>> column("ua"), column("mae")
        ('UA, %', 'MAE')
    """
    return ", ".join(filter(None, (measure(name).title, measure(name).unit)))


def meanings(run: Json) -> dict[str, str]:
    """Return the title and meaning of each score that the page shows of a run, and of the run's constant answer."""
    names = [*run["listed"]]
    if run["binary"]:
        names += ["balanced_accuracy", "accuracy", "f1"] if run["protocol"]["task"] == "multi_label" else []
    return {measure(name).title: measure(name).meaning for name in names}


def duration(seconds: float | None) -> str:
    """Return a time as a person says it.

    Example:
        >>> duration(42.3), duration(754), duration(9000), duration(None)
        ('42 s', '12 min 34 s', '2 h 30 min', '–')
    """
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _pictures(run: Json, key: str) -> dict[str, Any]:
    drawn: dict[str, Any] = {"curves": learning_curves(run["folds"], run["headline"][0], key=f"{key}-curves")}
    if run["classes"]:
        classes = [
            _strip(run, label, f"recall_{label}", entry["recall"])
            for label, entry in run["classes"].items()
            if entry["recall"]["mean"] is not None  # no fold tests this class
        ]
        drawn["classes"] = pictures.strips(classes, key=f"{key}-classes", label=f"Recall of each class, {run['name']}")
        label = f"Confusion matrix of {run['name']}; its numbers are in the table below it"
        drawn["confusion"] = pictures.confusion(run["confusion"], key=f"{key}-confusion", label=label)
    if run["calibration"]:
        drawn["trust"] = [
            trust.reliability(
                run["calibration"], key=f"{key}-reliability", label=f"Reliability diagram of {run['name']}"
            ),
            trust.risk_coverage(
                run["abstaining"], key=f"{key}-abstaining", label=f"Risk-coverage curve of {run['name']}"
            ),
        ]
    if run["scatter"]:
        drawn["scatter"] = {
            name: pictures.scatter(points, key=f"{key}-{name}", label=f"Predicted against true {name}, {run['name']}")
            for name, points in run["scatter"]["points"].items()
        }
    return drawn


def _overview(runs: Sequence[Json], answer: str) -> list[str]:
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


def dot(run: Json) -> str:
    """Return what a dot in a strip of this run stands for."""
    if len(run["folds"]) == 1:
        return "seed"
    return "fold, mean over seeds" if len(run["seeds"]) > 1 else "fold"


def _strip(run: Json, name: str, score: str, figure: Mapping[str, Any]) -> Strip:
    if len(run["folds"]) == 1:
        dots = [seed[score] for seed in run["folds"][0]["seeds"]]
    else:
        dots = [fold["mean"][score] for fold in run["folds"]]
    known = [score for score in dots if score is not None]
    return Strip(name, score, known, figure["mean"], figure["interval"], figure["floor"])
