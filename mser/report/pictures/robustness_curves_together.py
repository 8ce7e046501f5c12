"""Several runs in one picture of how a score falls as transcripts go wrong or noise grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mser.report.pictures.robustness_curves import height
from mser.report.pictures.svg import ACCENT, INK, MUTED, RULE, SECOND, STYLE, svg
from mser.report.robustness import Row
from mser.scoring.measures import measure

COLOURS = {"accent": ACCENT, "second": SECOND, "ink": INK, "muted": MUTED}
_MARKERS = {"o": "●", "s": "■", "^": "▲", "D": "◆"}
_HOLLOW = {"o": "○", "s": "□", "^": "△", "D": "◇"}
MOST_CURVES = 2 * len(COLOURS)


@dataclass(frozen=True)
class Look:
    """How the curve of a run is told from the others, on paper too.

    Attributes:
        colour: the page's name of it.
        marker: matplotlib's.
        hollow: whether its markers are hollow and its line is broken.
    """

    colour: str
    marker: str
    hollow: bool

    @property
    def sign(self) -> str:
        """The marker as a character."""
        return (_HOLLOW if self.hollow else _MARKERS)[self.marker]


@dataclass(frozen=True)
class Curve:
    """A run in the picture.

    Attributes:
        name: of the run.
        conditions: the first is of the models as they are.
        look: how it is drawn.
    """

    name: str
    conditions: Sequence[Row]
    look: Look


def look(place: int) -> Look:
    """Return how the curve at a place is drawn, 0 to `MOST_CURVES` - 1.

    Example:
        >>> [look(place).sign for place in range(5)]
        ['●', '■', '▲', '◆', '○']
    """
    colours, markers = list(COLOURS), list(_MARKERS)
    return Look(colours[place % len(colours)], markers[place % len(markers)], place >= len(colours))


def curves(drawn: Sequence[Curve], score: str, floor: float | None, *, key: str) -> list[str]:
    """Return a picture for wrong words and one for each noise that two runs or more were asked about, as SVG elements.

    All have the same scale; dashed is the floor.

    Args:
        drawn: the runs.
        score: which headline score.
        floor: what a constant answer reaches.
        key: unique on the page.
    """
    limits = _limits(drawn, score, floor)
    kinds = dict.fromkeys((row.kind, row.noise) for one in drawn for row in one.conditions)
    found: list[str] = []
    for kind, noise in kinds:
        curves_of_kind = [one for one in drawn if _of(one, kind, noise)]
        if kind in ("wer", "snr") and len(curves_of_kind) > 1:
            found.append(_picture(curves_of_kind, score, floor, kind, noise, limits, key=f"{key}-{len(found)}"))
    return found


def _picture(
    asked: Sequence[Curve],
    score: str,
    floor: float | None,
    kind: str,
    noise: str,
    limits: tuple[float, float],
    *,
    key: str,
) -> str:
    head = "word error rate, %" if kind == "wer" else f"speech over noise ({noise.rpartition('/')[2]}), dB"
    title = ", ".join(filter(None, (measure(score).title, measure(score).unit)))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.1, 2.7))
        axes = figure.add_axes((0.17, 0.18, 0.79, 0.77))
        if floor is not None:
            axes.axhline(_scale(score) * floor, color=RULE, linewidth=1.6, linestyle=(0, (4, 2)))
        levels = sorted({row.level for one in asked for row in _of(one, kind, noise)}, reverse=True)
        for one in asked:
            _curve(axes, one, _of(one, kind, noise), score, levels if kind == "snr" else None)
        if kind == "snr":
            axes.set_xticks(range(len(levels) + 1), ["clean", *(f"{level:g}" for level in levels)])
        axes.set(ylim=limits, xlabel=head, ylabel=title)
        axes.grid(axis="y", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        return svg(figure, key, f"{title} by {head}, of {', '.join(one.name for one in asked)}")


def _curve(axes: Axes, one: Curve, rows: Sequence[Row], score: str, levels: Sequence[float] | None) -> None:
    """Draw a run at the error rates that were reached, or at the even steps of all noise levels."""
    across = [0.0] + [100 * (row.wer or 0.0) if levels is None else 1.0 + levels.index(row.level) for row in rows]
    axes.plot(
        across,
        [height(row, score) for row in (one.conditions[0], *rows)],
        color=COLOURS[one.look.colour],
        marker=one.look.marker,
        linestyle=(0, (3, 1.5)) if one.look.hollow else "-",
        fillstyle="none" if one.look.hollow else "full",
        linewidth=1.4,
        markersize=4.6,
        markeredgewidth=1.2 if one.look.hollow else 0,
    )


def _of(one: Curve, kind: str, noise: str) -> list[Row]:
    return [row for row in one.conditions if (row.kind, row.noise) == (kind, noise)]


def _limits(drawn: Sequence[Curve], score: str, floor: float | None) -> tuple[float, float]:
    rows = [row for one in drawn for row in one.conditions if row.kind in ("as_is", "wer", "snr")]
    values = [_scale(score) * mean for row in rows if (mean := row.scores[score].mean) is not None]
    values += [] if floor is None else [_scale(score) * floor]
    room = 0.06 * (max(values) - min(values)) or 0.5
    return min(values) - room, max(values) + room


def _scale(score: str) -> float:
    return 100 if measure(score).unit else 1
