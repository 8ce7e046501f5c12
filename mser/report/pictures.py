"""The pictures of a report as inline SVG whose colours and fonts are the page's, in light and in dark."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mser.report.runs import Json

# Stand-ins that matplotlib draws with and that become the page's CSS variables of the same name.
INK, MUTED, RULE, ACCENT, SECOND, HEAT = (f"#00000{number}" for number in range(1, 7))
_VARIABLES = {INK: "ink", MUTED: "muted", RULE: "rule", ACCENT: "accent", SECOND: "second", HEAT: "heat"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mser",
    "text.parse_math": False,
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.titley": 1.0,  # or matplotlib spends a fifth of its time on moving titles out of the way
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "savefig.transparent": True,
}


class Strip(NamedTuple):
    """One row of `strips`: the scores of the folds, in 0..1, and what they come to."""

    name: str
    folds: Sequence[float]
    mean: float
    sd: float | None
    floor: float | None


def strips(rows: Sequence[Strip], *, key: str, label: str) -> str:
    """Return a picture with one row per score: a dot per fold, mean and sd over it, the floor as a dashed line.

    Args:
        rows: from top to bottom.
        key: unique on the page.
        label: what a screen reader says.
    """
    with mpl.rc_context(_STYLE):
        height = 0.42 + 0.44 * len(rows)
        figure = Figure(figsize=(6, height))
        left = 0.035 + 0.0135 * max(len(_short(row.name)) for row in rows)
        axes = figure.add_axes((left, 0.28 / height, 0.9 - left, 1 - 0.32 / height))
        for place, row in enumerate(reversed(rows)):
            _strip(axes, place, row)
        axes.set_ylim(-0.55, len(rows) - 0.45)
        axes.set_yticks([])
        axes.xaxis.set_major_formatter("{x:g}%")
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        return _svg(figure, key, label)


def _strip(axes: Axes, place: int, row: Strip) -> None:
    if row.floor is not None:
        floor = 100 * row.floor
        axes.plot([floor, floor], [place - 0.36, place + 0.36], color=SECOND, linewidth=1.4, linestyle=(0, (2, 1.6)))
    if row.sd is not None:
        ends = [100 * (row.mean - row.sd), 100 * (row.mean + row.sd)]
        axes.plot(ends, [place, place], color=ACCENT, linewidth=9, alpha=0.22, solid_capstyle="butt")
    axes.plot(
        [100 * score for score in row.folds], [place] * len(row.folds), "o", color=ACCENT, ms=4.6, alpha=0.75, mew=0
    )
    axes.plot([100 * row.mean] * 2, [place - 0.3, place + 0.3], color=INK, linewidth=1.8, solid_capstyle="butt")
    beside = axes.get_yaxis_transform()
    axes.text(1.02, place, f"{100 * row.mean:.1f}", transform=beside, va="center", weight="bold")
    start = -axes.get_position().x0 / axes.get_position().width
    axes.text(start, place, _short(row.name), transform=beside, va="center")


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"


def confusion(matrix: Mapping[str, Any], *, key: str, label: str) -> str:
    """Return a confusion matrix as a picture: each row's shares as colour and percent, the counts small below them."""
    labels, shares, counts = matrix["labels"], matrix["row_shares"], matrix["counts"]
    with mpl.rc_context(_STYLE):
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
                axes.text(column, row + 0.26, f"{counts[row][column]:,}", ha="center", va="center", size=7.5, color=INK)
        axes.set(xlim=(-0.5, len(labels) - 0.5), ylim=(len(labels) - 0.5, -0.5), aspect="equal")
        for set_ticks in (axes.set_xticks, axes.set_yticks):
            set_ticks(range(len(labels)), labels)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xlabel("said")
        axes.set_ylabel("true")
        axes.tick_params(length=0, labelcolor=INK)
        axes.spines[:].set_visible(False)
        return _svg(figure, key, label)


def _square(row: int, column: int) -> tuple[list[float], list[float]]:
    half = 0.475
    return [column - half, column + half, column + half, column - half], [
        row - half,
        row - half,
        row + half,
        row + half,
    ]


def learning_curves(folds: Sequence[Json], *, key: str) -> list[tuple[str, str]]:
    """Return (fold's name, picture) for each fold that has a history: losses above, UA on validation below.

    All pictures have the same axes, so that folds can be compared by eye. Each seed is a line; the chosen epoch has a
    dot.
    """
    curves = [seed["curves"] for fold in folds for seed in fold["seeds"] if seed["curves"].get("epoch")]
    if not curves:
        return []
    losses = [
        v for curve in curves for name in ("train/loss", "val/loss") for v in curve.get(name, ()) if v is not None
    ]
    scores = [100 * value for curve in curves for value in curve.get("val/ua", ()) if value is not None]
    last = max(max(curve["epoch"]) for curve in curves)
    limits = {"x": (0, max(last, 1)), "loss": _limits(losses), "ua": _limits(scores)}
    shown = [fold for fold in folds if any(seed["curves"].get("epoch") for seed in fold["seeds"])]
    return [(fold["name"], _curves(fold, limits, f"{key}-{fold['number']}")) for fold in shown]


def _curves(fold: Json, limits: Mapping[str, tuple[float, float]], key: str) -> str:
    with mpl.rc_context({**_STYLE, "font.size": 8.5}):
        figure = Figure(figsize=(2.35, 2.5))
        above, below = figure.add_axes((0.19, 0.55, 0.77, 0.4)), figure.add_axes((0.19, 0.12, 0.77, 0.34))
        for seed in fold["seeds"]:
            _line(above, seed, "train/loss", MUTED, 1)
            _line(above, seed, "val/loss", SECOND, 1)
            _line(below, seed, "val/ua", ACCENT, 100)
        for axes, name, title in ((above, "loss", "loss"), (below, "ua", "validation UA, %")):
            axes.set(xlim=limits["x"], ylim=limits[name])
            axes.set_title(title, loc="left", size=8, color=MUTED, pad=3)
            axes.grid(axis="y", color=RULE, linewidth=0.6)
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        above.tick_params(axis="x", labelbottom=False)
        return _svg(figure, key, f"Learning curves of {fold['name']}")


def _line(axes: Axes, seed: Json, name: str, colour: str, scale: float) -> None:
    epochs, values = seed["curves"].get("epoch", ()), seed["curves"].get(name, ())
    points = [(epoch, scale * value) for epoch, value in zip(epochs, values, strict=False) if value is not None]
    if points:
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.5)
        best = [point for point in points if point[0] == seed["best_epoch"] and name != "train/loss"]
        axes.plot([x for x, _ in best], [y for _, y in best], "o", color=colour, ms=5, clip_on=False)


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def _svg(figure: Figure, key: str, label: str) -> str:
    """Return the figure as an SVG element without colours, fonts, size, addresses or ids of its own."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    width, height = figure.get_size_inches() * 72
    head = (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {width:g} {height:g}" style="width: {width:g}pt">'
    )
    text = re.sub(r"^.*?<svg[^>]*>", head, file.getvalue(), count=1, flags=re.DOTALL)
    for unwanted in (
        r"<metadata>.*?</metadata>",
        r"<style.*?</style>",
        r"<!--.*?-->",
        r" font-family: [^;]+;",
        "xlink:",
    ):
        text = re.sub(unwanted, "", text, flags=re.DOTALL)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{key}-", text)
    return re.sub("|".join(_VARIABLES), lambda found: f"var(--{_VARIABLES[found[0]]})", text)
