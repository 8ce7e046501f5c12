"""The picture of ``mser data describe``: each measure of each class, its median and middle 90 %."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mser.corpora.description import SHOWN, Description
from mser.errors import UserError

ENDINGS = (".svg", ".pdf", ".png")
_INK, _MUTED, _ACCENT = "#1b1b1b", "#6b6b6b", "#1f6f8b"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mser",
    "text.parse_math": False,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _MUTED,
    "text.color": _INK,
}


def draw(description: Description, path: Path, title: str) -> None:
    """Draw a panel per measure, with a row for each class.

    Args:
        description: what to draw.
        path: the file, whose ending says how: one of `ENDINGS`.
        title: above the panels.

    Raises:
        UserError: if the ending is none of these, or the file cannot be written.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UserError(f"{path} is no picture that can be drawn; give it one of the endings {', '.join(ENDINGS)}")
    rows = len(description.classes)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 1.6 + 2 * (0.5 + 0.24 * rows)), layout="constrained")
        figure.suptitle(f"{title}: median and middle 90 % of each class", fontsize=10)
        axes = figure.subplots(2, 3, sharey=True)
        for panel, name in zip(axes.flat, SHOWN, strict=True):
            _panel(panel, description, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}; choose another file") from error


def _panel(panel: Axes, description: Description, name: str) -> None:
    for row, group in enumerate(description.classes.values()):
        low, middle, high = group.quantiles[name]
        panel.plot([low, high], [row, row], color=_ACCENT, linewidth=1.4, alpha=0.5, solid_capstyle="round")
        panel.plot([middle], [row], "o", color=_ACCENT, markersize=5)
    panel.axvline(description.everything.quantiles[name][1], color=_MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
    panel.set(yticks=range(len(description.classes)), yticklabels=list(description.classes))
    low, high = panel.get_xlim()
    lacking = max(0.0, SHOWN[name].least - (high - low)) / 2
    panel.set_xlim(low - lacking, high + lacking)
    panel.set_xlabel(f"{SHOWN[name].title}, {SHOWN[name].unit}", color=_MUTED)
    panel.set_ylim(len(description.classes) - 0.5, -0.5)
