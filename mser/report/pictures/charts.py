"""The pictures of a report as inline SVG whose colours and fonts are the page's, in light and in dark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mser.report.by_label import Confusion, Points
from mser.report.figures import Interval
from mser.report.pairwise.pair import Pair
from mser.report.pictures.svg import ACCENT, HEAT, INK, RULE, SECOND, STYLE, svg
from mser.scoring.measures import measure, shown

_BESIDE = 12  # letters: a longer name stands above its row, or a phone would have no room left for the scores


class Strip(NamedTuple):
    """One row of `strips`: the scores of the folds, or of the seeds where there is one fold, and what they come to."""

    name: str
    score: str
    dots: Sequence[float]
    mean: float | None
    interval: Interval | None
    floor: float | None


def strips(rows: Sequence[Strip], *, key: str, label: str, unit: str | None = None) -> str:
    """Return a picture with a row of dots per score, their mean and its interval, the floor as a dashed line.

    Args:
        rows: from top to bottom; all shares, or all the same score.
        key: unique on the page.
        label: what a screen reader says.
        unit: that of the axis, if not the score's.
    """
    with mpl.rc_context(STYLE):
        longest = max(len(row.name) for row in rows)
        above = longest > _BESIDE
        height = 0.42 + (0.72 if above else 0.44) * len(rows)
        figure = Figure(figsize=(6, height))
        left = 0.02 if above else 0.035 + 0.0155 * longest
        axes = figure.add_axes((left, 0.28 / height, 0.9 - left, 1 - 0.32 / height))
        for place, row in enumerate(reversed(rows)):
            _strip(axes, place, row, above=above)
        axes.set_ylim(-0.45 if above else -0.55, len(rows) - (0.3 if above else 0.45))
        axes.set_yticks([])
        axes.xaxis.set_major_formatter("{x:g}" + (measure(rows[0].score).unit if unit is None else unit))
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        return svg(figure, key, label, "strips")


def _strip(axes: Axes, place: int, row: Strip, *, above: bool) -> None:
    scale = 100 if measure(row.score).unit else 1
    if row.floor is not None:
        floor = scale * row.floor
        axes.plot([floor, floor], [place - 0.36, place + 0.36], color=SECOND, linewidth=1.4, linestyle=(0, (2, 1.6)))
    if row.interval is not None:
        ends = [scale * end for end in row.interval]
        axes.plot(ends, [place, place], color=ACCENT, linewidth=9, alpha=0.22, solid_capstyle="butt")
    dots = [scale * score for score in row.dots]
    axes.plot(dots, [place] * len(dots), "o", color=ACCENT, ms=4.6, alpha=0.75, mew=0)
    if row.mean is not None:
        axes.plot([scale * row.mean] * 2, [place - 0.3, place + 0.3], color=INK, linewidth=1.8, solid_capstyle="butt")
    beside = axes.get_yaxis_transform()
    axes.text(1.02, place, shown(row.score, row.mean), transform=beside, va="center", weight="bold")
    start = -axes.get_position().x0 / axes.get_position().width
    if above:
        axes.text(0, place + 0.5, row.name, transform=beside, va="center")
    else:
        axes.text(start, place, row.name, transform=beside, va="center")


def short(name: str, most: int = 28) -> str:
    """Return a name of at most so many characters.

    Example:
        >>> short("coattention_of_wavlm_and_roberta", 16)
        'coattention_of_…'
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def differences(pairs: Sequence[Pair], *, key: str, label: str) -> str:
    """Return a picture with a row per two runs: by how much the first is better, on its interval; dashed, not at all.

    Args:
        pairs: of one score.
        key: unique on the page.
        label: what a screen reader says.
    """
    names = [f"{short(pair.better, 24)} − {short(pair.worse, 24)}" for pair in pairs]
    rows = [
        Strip(name, pair.score, (), pair.difference, pair.interval or pair.of_these_weights.interval, 0.0)
        for name, pair in zip(names, pairs, strict=True)
    ]
    return strips(rows, key=key, label=label, unit="")


def confusion(matrix: Confusion, *, key: str, label: str) -> str:
    """Return a confusion matrix as a picture: each row's shares as colour and percent, the counts small below them."""
    labels, shares, counts = matrix.labels, matrix.row_shares, matrix.counts
    with mpl.rc_context(STYLE):
        size = 1.1 + 0.78 * len(labels)
        figure = Figure(figsize=(size, size - 0.35))
        axes = figure.add_axes((0.7 / size, 0.02, 0.78 * len(labels) / size, 1 - 0.5 / (size - 0.35)))
        for row in range(len(labels)):
            for column in range(len(labels)):
                axes.fill(*_square(row, column), color=HEAT, alpha=max(0.04, shares[row][column]), linewidth=0)
                weight = "bold" if row == column else "normal"
                axes.text(
                    column, row - 0.06, f"{100 * shares[row][column]:.0f}%", ha="center", va="center", weight=weight
                )
                axes.text(column, row + 0.27, f"{counts[row][column]:,}", ha="center", va="center", size=8.5, color=INK)
        axes.set(xlim=(-0.5, len(labels) - 0.5), ylim=(len(labels) - 0.5, -0.5), aspect="equal")
        for set_ticks in (axes.set_xticks, axes.set_yticks):
            set_ticks(range(len(labels)), labels)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xlabel("said")
        axes.set_ylabel("true")
        axes.tick_params(length=0, labelcolor=INK)
        axes.spines[:].set_visible(False)
        return svg(figure, key, label)


def _square(row: int, column: int) -> tuple[list[float], list[float]]:
    half = 0.475
    return [column - half, column + half, column + half, column - half], [
        row - half,
        row - half,
        row + half,
        row + half,
    ]


def scatter(points: Points, *, key: str, label: str) -> str:
    """Return predicted against true scores as dots, and the line where both are the same."""
    target, prediction = points.target, points.prediction
    low, high = min(*target, *prediction), max(*target, *prediction)
    room = 0.04 * (high - low) or 0.5
    limits = (low - room, high + room)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.4, 3.4))
        axes = figure.add_axes((0.15, 0.14, 0.82, 0.82))
        axes.plot(limits, limits, color=SECOND, linewidth=1.2, linestyle=(0, (2, 1.6)))
        faint = min(0.7, max(0.3, 120 / len(target)))
        axes.plot(target, prediction, "o", color=ACCENT, ms=3.4, mew=0, alpha=faint)
        axes.set(xlim=limits, ylim=limits, aspect="equal", xlabel="true", ylabel="predicted")
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        return svg(figure, key, label)
