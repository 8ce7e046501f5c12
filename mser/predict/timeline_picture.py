"""The picture of ``mser predict --picture``: a panel for each speaker, a strip for each label, dark where likely."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mser.corpora.describe_picture import ENDINGS
from mser.errors import UserError
from mser.files.whole import replacing
from mser.predict.timeline import Lane, Timeline

MOST = 24
"""Panels of one picture."""
_INK, _MUTED = "#1b1b1b", "#6b6b6b"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mser",
    "text.parse_math": False,
    "font.size": 9,
    "axes.edgecolor": _MUTED,
    "text.color": _INK,
}


def require_picture(path: Path) -> None:
    """Accept the name of a picture.

    Raises:
        UserError: if it has none of the `ENDINGS`.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UserError(f"{path} is no picture that can be drawn; give it one of the endings {', '.join(ENDINGS)}")


def draw(timeline: Timeline, path: Path, limits: tuple[float, float], note: str = "") -> int:
    """Draw the lanes below each other, and return how many had no room.

    Args:
        timeline: what to draw.
        path: the file, whose ending says how: one of `ENDINGS`.
        limits: of what is told: where a strip is white, and where it is darkest.
        note: above the panels.

    Raises:
        UserError: if there is nothing to draw, or the file cannot be written.
    """
    require_picture(path)
    lanes = list(timeline.lanes.items())[:MOST]
    if not lanes:
        raise UserError(f"there is no answer over time to draw, so {path} was not written")
    longest, several = max(lane.end for _, lane in lanes), len({audio for (audio, _), _ in lanes}) > 1
    heights = 0.6 + 0.18 * len(timeline.labels)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 0.6 + heights * len(lanes)), layout="constrained")
        if note:
            figure.suptitle(note, fontsize=9, color=_MUTED)
        panels = figure.subplots(len(lanes), 1, squeeze=False, sharex=True)[:, 0]
        for panel, ((audio, speaker), lane) in zip(panels, lanes, strict=True):
            _strips(panel, lane, timeline.labels, limits)
            named = [os.path.basename(audio)] if several or not speaker else []
            panel.set_title(f"{', '.join([*named, *([speaker] if speaker else [])])}: {_mean(lane, timeline)}",
                            loc="left", fontsize=9)  # fmt: skip
            panel.set_xlim(0, longest)
        panels[-1].xaxis.set_major_locator(MaxNLocator(9, steps=[1, 1.5, 3, 6, 10]))
        panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _clock(seconds, longest)))
        try:
            with replacing(path) as part:
                kind = path.suffix[1:].lower()
                figure.savefig(part, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}; choose another file") from error
    return len(timeline.lanes) - len(lanes)


def _strips(panel: Axes, lane: Lane, labels: list[str], limits: tuple[float, float]) -> None:
    means = lane.means()
    extent = (0.0, len(means) * lane.width, len(labels) - 0.5, -0.5)
    panel.imshow(means.T, aspect="auto", interpolation="nearest", extent=extent, cmap="Blues",
                 vmin=limits[0], vmax=limits[1])  # fmt: skip
    panel.set_yticks(range(len(labels)), labels)
    panel.tick_params(colors=_MUTED, labelcolor=_INK, length=0)


def _mean(lane: Lane, timeline: Timeline) -> str:
    """Return the means over time, the highest first."""
    ranked = sorted(zip(timeline.labels, lane.mean().tolist(), strict=True), key=lambda pair: -pair[1])
    return ", ".join(f"{label} {mean:.2f}" if timeline.scores else f"{label} {mean:.0%}" for label, mean in ranked)


def _clock(seconds: float, longest: float) -> str:
    """Return a time as people read it.

    Example:
        >>> _clock(83.0, 500.0), _clock(7265.0, 36000.0), _clock(2.5, 8.0)
        ('1:23', '2:01:05', '2.5 s')
    """
    if longest < 60:
        return f"{seconds:g} s"
    whole = round(seconds)
    hours = f"{whole // 3600}:{whole // 60 % 60:02d}" if longest >= 3600 else str(whole // 60)
    return f"{hours}:{whole % 60:02d}"
