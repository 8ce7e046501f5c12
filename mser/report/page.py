"""The report as one self-contained page: no script, no address, readable on paper and a phone, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mser.report import pictures, words
from mser.report.pictures import Strip
from mser.report.runs import Json

NAMES = {"ua": "UA", "wa": "WA", "weighted_f1": "weighted F1", "macro_f1": "macro F1"}


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
        "percent": words.percent,
        "plus_minus": words.plus_minus,
        "duration": duration,
        "findings": words.findings,
        "missing": words.missing,
    }
    drawn = [_pictures(run, f"run{number}") for number, run in enumerate(report["runs"])]
    return environment.get_template("report.html").render(
        **report, names=NAMES, pictures=drawn, overview=_overview(report["runs"])
    )


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
    drawn: dict[str, Any] = {"curves": pictures.learning_curves(run["folds"], key=f"{key}-curves")}
    if run["complete"]:
        classes = [
            _strip(run, label, f"recall_{label}", entry["recall"], None)
            for label, entry in run["classes"].items()
            if entry["recall"]["mean"] is not None  # no fold tests this class
        ]
        drawn["classes"] = pictures.strips(classes, key=f"{key}-classes", label=f"Recall of each class, {run['name']}")
        label = f"Confusion matrix of {run['name']}; its numbers are in the table below it"
        drawn["confusion"] = pictures.confusion(run["confusion"], key=f"{key}-confusion", label=label)
    return drawn


def _overview(runs: Sequence[Json]) -> str | None:
    """Return the picture of the answer: UA and WA of one run, or the UA of each of several."""
    whole = [run for run in runs if run["complete"]]
    if not whole:
        return None
    if len(runs) > 1:
        rows = [_strip(run, run["name"], "ua", run["overall"]["ua"], run["overall"]["ua"]["floor"]) for run in whole]
    else:
        rows = [
            _strip(whole[0], NAMES[name], name, whole[0]["overall"][name], whole[0]["overall"][name]["floor"])
            for name in ("ua", "wa")
        ]
    label = f"{words.answer(runs)} One dot per fold."
    return pictures.strips(rows, key="overview", label=label)


def _strip(run: Json, name: str, score: str, figure: Mapping[str, Any], floor: float | None) -> Strip:
    folds = [fold["mean"][score] for fold in run["folds"] if fold["mean"][score] is not None]
    return Strip(name, folds, figure["mean"], figure["sd"], floor)
