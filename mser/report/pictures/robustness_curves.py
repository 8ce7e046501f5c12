"""The pictures of how a score falls as transcripts go wrong and noise grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mser.report.pictures.svg import ACCENT, MUTED, RULE, SECOND, STYLE, svg
from mser.report.robustness import Robustness, Row
from mser.scoring.measures import measure

_LOST = {"wer": "no_text", "snr": "no_speech"}


def robustness_curves(part: Robustness, score: str, *, key: str, label: str) -> list[str]:
    """Return a picture for wrong words and one for noise, each where it was asked about.

    The curve begins with the models as they are; a band is its 95 % interval. Dotted: without that side at all;
    dashed: the floor. Both pictures have the same scale.

    Args:
        part: that was asked about.
        score: which headline score.
        key: unique on the page.
        label: what a screen reader says first.
    """
    limits = _limits(part, score)
    heads = {"wer": "word error rate, %", "snr": "speech over noise, dB"}
    return [
        _picture(part, score, kind, head, limits, key=f"{key}-{kind}", label=f"{label}: {head}")
        for kind, head in heads.items()
        if sum(row.kind == kind for row in part.conditions) > (1 if part.everyday else 0)
    ]


def _picture(
    part: Robustness, score: str, kind: str, head: str, limits: tuple[float, float], *, key: str, label: str
) -> str:
    floor, rows = part.floor[score], part.conditions
    harder = [row for row in rows if row.kind == kind]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.1, 2.7))
        axes = figure.add_axes((0.17, 0.18, 0.79, 0.77))
        if floor is not None:
            _level(axes, _scale(score) * floor, SECOND, (0, (4, 2)))
        for row in rows:
            if row.kind == _LOST[kind]:
                _level(axes, height(row, score), MUTED, (0, (1, 1.5)))
        _curve(axes, [rows[0], *harder], _places(kind, harder), score)
        if kind == "snr":
            axes.set_xticks(range(len(harder) + 1), ["clean", *(f"{row.level:g}" for row in harder)])
        title = ", ".join(filter(None, (measure(score).title, measure(score).unit)))
        axes.set(ylim=limits, xlabel=head, ylabel=title)
        axes.grid(axis="y", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        return svg(figure, key, label)


def _places(kind: str, asked: Sequence[Row]) -> list[float]:
    """Return where each condition is drawn: at the error rate that was reached, or at even steps of noise."""
    if kind == "wer":
        return [0.0, *(100 * (row.wer or 0.0) for row in asked)]
    return [float(place) for place in range(len(asked) + 1)]


def _curve(axes: Axes, rows: Sequence[Row], across: Sequence[float], score: str) -> None:
    ends = [interval for row in rows if (interval := row.scores[score].interval)]
    if len(ends) == len(rows):
        low, high = ([_scale(score) * interval[end] for interval in ends] for end in (0, 1))
        axes.fill_between(across, low, high, color=ACCENT, alpha=0.18, linewidth=0)
    axes.plot(across, [height(row, score) for row in rows], color=ACCENT, linewidth=1.6, marker="o", ms=4.6, mew=0)


def height(row: Row, score: str) -> float:
    """Return where a condition's mean is drawn; NaN where it is not defined."""
    mean = row.scores[score].mean
    return float("nan") if mean is None else _scale(score) * mean


def _level(axes: Axes, height: float, colour: str, dashes: Any) -> None:
    axes.axhline(height, color=colour, linewidth=1.3, linestyle=dashes)


def _limits(part: Robustness, score: str) -> tuple[float, float]:
    scores = [row.scores[score] for row in part.conditions]
    ends = [end for change in scores for end in (change.interval or [change.mean])]
    values = [_scale(score) * end for end in [*ends, part.floor[score]] if end is not None]
    room = 0.06 * (max(values) - min(values)) or 0.5
    return min(values) - room, max(values) + room


def _scale(score: str) -> float:
    return 100 if measure(score).unit else 1
