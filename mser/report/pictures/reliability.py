"""The pictures of how far a single answer can be trusted: a reliability diagram and a risk-coverage curve."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mser.report.confidence.abstaining import Abstaining
from mser.report.confidence.calibration import Bin, Calibration
from mser.report.pictures.svg import ACCENT, MUTED, RULE, SECOND, STYLE, svg


def reliability(calibration: Calibration, *, key: str, label: str) -> str:
    """Return how often answers were right against how sure the model was, as they are and scaled.

    A dot is a bin; the larger, the more answers it holds. On the dashed line the model is right as often as it says.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _square("probability of the answer, %", "right, %")
        axes.plot([0, 100], [0, 100], color=SECOND, linewidth=1.2, linestyle=(0, (2, 1.6)))
        for calibrated, colour in ((calibration.scaled, MUTED), (calibration.as_is, ACCENT)):
            if calibrated:
                _bins(axes, calibrated.bins, colour)
        axes.set(xlim=(0, 100), ylim=(0, 100), aspect="equal")
        return svg(figure, key, label)


def risk_coverage(abstaining: Abstaining, *, key: str, label: str) -> str:
    """Return the share that is wrong of the surest answers; dashed, what keeping silent at random would give."""
    with mpl.rc_context(STYLE):
        figure, axes = _square("answered, %", "wrong, %")
        risks = [100 * risk for risk in abstaining.risk]
        axes.plot([0, 100], [risks[-1]] * 2, color=SECOND, linewidth=1.2, linestyle=(0, (2, 1.6)))
        axes.plot([100 * coverage for coverage in abstaining.coverage], risks, color=ACCENT, linewidth=1.6)
        axes.set(xlim=(0, 100), ylim=(0, 1.1 * max(*risks, 1)))
        return svg(figure, key, label)


def _square(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(3.1, 3.1))
    axes = figure.add_axes((0.17, 0.16, 0.79, 0.79))
    axes.set(xlabel=across, ylabel=up)
    axes.grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _bins(axes: Axes, bins: Sequence[Bin], colour: str) -> None:
    most = max(b.answers for b in bins)
    across, up = [100 * b.probability for b in bins], [100 * b.right for b in bins]
    axes.plot(across, up, color=colour, linewidth=1.2)
    for x, y, b in zip(across, up, bins, strict=True):
        axes.plot([x], [y], "o", color=colour, mew=0, ms=2.5 + 6 * (b.answers / most) ** 0.5, clip_on=False)
