"""What the trials of a search scored by the value of each option, as small pictures of the same height."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mser.report.pictures.charts import short
from mser.report.pictures.svg import ACCENT, RULE, SECOND, STYLE, svg
from mser.report.searches.ranking import SweepReport
from mser.report.searches.searched import score_name
from mser.runs.run_options import setting
from mser.scoring.measures import MEASURES, measure

_ROOM = 0.08
_MOST_NAMES = 6


def pictures(report: SweepReport, *, label: str) -> list[tuple[str, str]]:
    """Return (option, picture) for each option that trials differ in: a dot per trial, the winner's in another colour.

    Args:
        report: of the search.
        label: what a screen reader says.
    """
    name = score_name(report.metric)
    unit = measure(name).unit if name in MEASURES else ""
    scores = [trial.mean * (100 if unit else 1) for trial in report.trials]
    values = {option: [trial.settings.get(option) for trial in report.trials] for option in report.options}
    return [
        (option, _picture(values[option], scores, f"option{place}", f"{option}. {label}", unit))
        for place, option in enumerate(values)
        if len({setting(value) for value in values[option]}) > 1
    ]


def _picture(values: Sequence[Any], scores: Sequence[float], key: str, label: str, unit: str) -> str:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.0, 1.9))
        axes = figure.add_axes((0.17, 0.17, 0.79, 0.79))
        places = _places(axes, values)
        axes.plot(places[1:], scores[1:], "o", color=ACCENT, ms=4.6, alpha=0.75, mew=0)
        axes.plot(places[:1], scores[:1], "o", color=SECOND, ms=6, mew=0)
        low, high = min(scores), max(scores)
        room = _ROOM * (high - low) or 0.5
        axes.set_ylim(low - room, high + room)
        axes.locator_params(axis="y", nbins=4)
        axes.yaxis.set_major_formatter("{x:g}" + unit)
        axes.grid(axis="y", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        return svg(figure, key, label)


def _places(axes: Axes, values: Sequence[Any]) -> list[float]:
    """Return where the values lie on the axis: numbers by their size, or its logarithm; others by name."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        low, high = min(values), max(values)
        if low > 0 and log10(high / low) > 1:
            axes.set_xscale("log")
            axes.minorticks_off()
            axes.set_xlim(low / (high / low) ** _ROOM, high * (high / low) ** _ROOM)
        else:
            axes.set_xlim(low - _ROOM * (high - low), high + _ROOM * (high - low))
            axes.locator_params(axis="x", nbins=4)
        axes.xaxis.set_major_formatter("{x:g}")
        return [float(value) for value in values]
    names = sorted({setting(value) for value in values})
    axes.set_xticks(
        range(len(names)), [short(name, 10) for name in names] if len(names) <= _MOST_NAMES else [""] * len(names)
    )
    axes.set_xlim(-0.5, len(names) - 0.5)
    return [float(names.index(setting(value))) for value in values]
