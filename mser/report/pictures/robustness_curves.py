"""The pictures of how a score falls as transcripts go wrong and noise grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mser.report.pictures.svg import ACCENT, MUTED, RULE, SECOND, STYLE, svg
from mser.runs.run import Json
from mser.scoring.measures import measure

_LOST = {"wer": "no_text", "snr": "no_speech"}


def robustness_curves(part: Json, score: str, *, key: str, label: str) -> list[str]:
    """Return a picture for wrong words and one for noise, each where it was asked about.

    The curve begins with the models as they are; a band is its 95 % interval. Dotted: without that side at all;
    dashed: the floor. Both pictures have the same scale.

    Args:
        part: one of `mser.report.robustness.robustness`.
        score: which headline score.
        key: unique on the page.
        label: what a screen reader says first.
    """
    limits = _limits(part, score)
    heads = {"wer": "word error rate, %", "snr": "speech over noise, dB"}
    return [
        _picture(part, score, kind, head, limits, key=f"{key}-{kind}", label=f"{label}: {head}")
        for kind, head in heads.items()
        if any(row["kind"] == kind for row in part["conditions"])
    ]


def _picture(part: Json, score: str, kind: str, head: str, limits: tuple[float, float], *, key: str, label: str) -> str:
    scale, rows = _scale(score), part["conditions"]
    asked = [row for row in rows if row["kind"] == kind]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.1, 2.7))
        axes = figure.add_axes((0.17, 0.18, 0.79, 0.77))
        if part["floor"][score] is not None:
            _level(axes, scale * part["floor"][score], SECOND, (0, (4, 2)))
        for row in rows:
            if row["kind"] == _LOST[kind]:
                _level(axes, scale * row[score]["mean"], MUTED, (0, (1, 1.5)))
        _curve(axes, [rows[0], *asked], _places(kind, asked), score)
        if kind == "snr":
            axes.set_xticks(range(len(asked) + 1), ["clean", *(f"{row['level']:g}" for row in asked)])
        title = ", ".join(filter(None, (measure(score).title, measure(score).unit)))
        axes.set(ylim=limits, xlabel=head, ylabel=title)
        axes.grid(axis="y", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        return svg(figure, key, label)


def _places(kind: str, asked: Sequence[Json]) -> list[float]:
    """Return where each condition is drawn: at the error rate that was reached, or at even steps of noise."""
    if kind == "wer":
        return [0.0, *(100 * (row["wer"] or 0.0) for row in asked)]
    return [float(place) for place in range(len(asked) + 1)]


def _curve(axes: Axes, rows: Sequence[Json], across: Sequence[float], score: str) -> None:
    scale = _scale(score)
    if all(row[score]["interval"] for row in rows):
        low, high = ([scale * row[score]["interval"][end] for row in rows] for end in (0, 1))
        axes.fill_between(across, low, high, color=ACCENT, alpha=0.18, linewidth=0)
    means = [scale * row[score]["mean"] for row in rows]
    axes.plot(across, means, color=ACCENT, linewidth=1.6, marker="o", ms=4.6, mew=0)


def _level(axes: Axes, height: float, colour: str, dashes: Any) -> None:
    axes.axhline(height, color=colour, linewidth=1.3, linestyle=dashes)


def _limits(part: Json, score: str) -> tuple[float, float]:
    rows = part["conditions"]
    ends = [end for row in rows for end in (row[score]["interval"] or [row[score]["mean"]])]
    values = [_scale(score) * end for end in [*ends, part["floor"][score]] if end is not None]
    room = 0.06 * (max(values) - min(values)) or 0.5
    return min(values) - room, max(values) + room


def _scale(score: str) -> float:
    return 100 if measure(score).unit else 1
