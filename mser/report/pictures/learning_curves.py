"""The learning curves of a run's folds, as small pictures of the same axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mser.report.pictures.svg import ACCENT, MUTED, RULE, SECOND, STYLE, svg
from mser.report.summary import FoldScores, SeedScores
from mser.scoring.measures import measure


def learning_curves(folds: Sequence[FoldScores], score: str, *, key: str) -> list[tuple[str, str]]:
    """Return (fold's name, picture) for each fold that has a history: losses above, a score on validation below.

    All pictures have the same axes, so that folds can be compared by eye. Each seed is a line; the chosen epoch has a
    dot.
    """
    curves = [seed.curves for fold in folds for seed in fold.seeds if seed.curves.get("epoch")]
    if not curves:
        return []
    losses = [
        v for curve in curves for name in ("train/loss", "val/loss") for v in curve.get(name, ()) if v is not None
    ]
    scale = 100 if measure(score).unit else 1
    scores = [scale * value for curve in curves for value in curve.get(f"val/{score}", ()) if value is not None]
    last = max(epoch for curve in curves for epoch in curve["epoch"] if epoch is not None)
    limits = {"x": (0, max(last, 1)), "loss": _limits(losses), "score": _limits(scores)}
    trained = [fold for fold in folds if any(seed.curves.get("epoch") for seed in fold.seeds)]
    return [(fold.name, _curves(fold, score, limits, f"{key}-{fold.number}")) for fold in trained]


def _curves(fold: FoldScores, score: str, limits: Mapping[str, tuple[float, float]], key: str) -> str:
    with mpl.rc_context({**STYLE, "font.size": 8.5}):
        figure = Figure(figsize=(2.35, 2.5))
        above, below = figure.add_axes((0.19, 0.55, 0.77, 0.4)), figure.add_axes((0.19, 0.12, 0.77, 0.34))
        for seed in fold.seeds:
            _line(above, seed, "train/loss", MUTED, 1)
            _line(above, seed, "val/loss", SECOND, 1)
            _line(below, seed, f"val/{score}", ACCENT, 100 if measure(score).unit else 1)
        below_title = ", ".join(filter(None, (f"validation {measure(score).title}", measure(score).unit)))
        for axes, name, title in ((above, "loss", "loss"), (below, "score", below_title)):
            axes.set(xlim=limits["x"], ylim=limits[name])
            axes.set_title(title, loc="left", size=8, color=MUTED, pad=3)
            axes.grid(axis="y", color=RULE, linewidth=0.6)
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        above.tick_params(axis="x", labelbottom=False)
        return svg(figure, key, f"Learning curves of {fold.name}")


def _line(axes: Axes, seed: SeedScores, name: str, colour: str, scale: float) -> None:
    epochs, values = seed.curves.get("epoch", ()), seed.curves.get(name, ())
    points = [
        (epoch, scale * value)
        for epoch, value in zip(epochs, values, strict=False)
        if epoch is not None and value is not None
    ]
    if points:
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.5)
        best = [point for point in points if point[0] == seed.best_epoch and name != "train/loss"]
        axes.plot([x for x, _ in best], [y for _, y in best], "o", color=colour, ms=5, clip_on=False)


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room
