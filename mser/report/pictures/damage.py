"""The picture of what each condition costs, the worst first: of one run, or of several side by side."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mser.report.pictures.robustness_curves_together import COLOURS, Curve
from mser.report.pictures.svg import INK, RULE, STYLE, svg
from mser.report.robustness import Row
from mser.report.robustness_words import requested
from mser.scoring.measures import measure

_ROW, _APART = 0.27, 0.16  # inches of a condition, rows between two runs of it
_NAMES = 0.4  # of the picture's width


def damage(drawn: Sequence[Curve], score: str, *, key: str, label: str) -> str:
    """Return a picture with a row per condition that all runs were asked under: the difference and its 95 % interval.

    Args:
        drawn: the runs; the conditions are ordered by what they cost the first of them.
        score: which headline score.
        key: unique on the page.
        label: what a screen reader says.
    """
    by_run = [{requested(row): row for row in one.conditions[1:]} for one in drawn]
    common = [name for name in by_run[0] if all(name in rows for rows in by_run)]
    common.sort(key=lambda name: -by_run[0][name].cost(score))
    height = 0.45 + _ROW * len(common) * (1 + 0.35 * (len(drawn) - 1))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2, height))
        axes = figure.add_axes((_NAMES, 0.4 / height, 0.97 - _NAMES, 1 - 0.45 / height))
        axes.axvline(0, color=INK, linewidth=0.8)
        for number, (one, rows) in enumerate(zip(drawn, by_run, strict=True)):
            _run(axes, one, [rows[name] for name in common], score, _APART * (number - (len(drawn) - 1) / 2))
        axes.set_ylim(len(common) - 0.5, -0.5)
        axes.set_yticks(range(len(common)), common)
        axes.tick_params(axis="y", labelcolor=INK)
        unit = ", points" if measure(score).unit else ""
        axes.set_xlabel(f"difference of {measure(score).title}{unit}")
        axes.grid(axis="x", color=RULE, linewidth=0.6)
        axes.spines["left"].set_visible(False)
        axes.set_axisbelow(True)
        return svg(figure, key, label)


def _run(axes: Axes, one: Curve, rows: Sequence[Row], score: str, aside: float) -> None:
    scale = 100 if measure(score).unit else 1
    look = one.look
    for place, row in enumerate(rows):
        since = row.scores[score].since
        if since is None or since.difference is None:
            continue
        if since.difference_interval:
            ends = [scale * end for end in since.difference_interval]
            axes.plot(ends, [place + aside] * 2, color=COLOURS[look.colour], linewidth=2.2, alpha=0.45)
        axes.plot(
            [scale * since.difference],
            [place + aside],
            color=COLOURS[look.colour],
            marker=look.marker,
            fillstyle="none" if look.hollow else "full",
            markersize=5,
            markeredgewidth=1.2 if look.hollow else 0,
        )
