"""What a run's ``report.json`` says of it as a whole, as far as a model card repeats it. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

from mser.errors import UserError
from mser.files.json_fields import fit, read_object
from mser.runs.folder import REPORT
from mser.runs.run import Run

Interval = tuple[float, float]


@dataclass(frozen=True)
class ReportedScore:
    """A score over all folds; see `mser.report.figures.Figure`."""

    mean: float | None = None
    interval: Interval | None = None
    method_interval: Interval | None = None


@dataclass(frozen=True)
class ReportedRun:
    """A run of a report; `overall` has the figure of each score by name."""

    complete: bool
    overall: Mapping[str, ReportedScore | None] | None = None


@dataclass(frozen=True)
class WholeReport:
    """A report of finished runs, with its answer in a sentence; the run itself is the first of them."""

    answer: str | None
    runs: Annotated[tuple[ReportedRun, ...], msgspec.Meta(min_length=1)]

    @property
    def overall(self) -> Mapping[str, ReportedScore | None]:
        """The figure of each score of the run."""
        return self.runs[0].overall or {}


def whole_report(run: Run) -> WholeReport | None:
    """Return the report of the run where all of its folds were finished; None where there is none that can be read."""
    path, advice = run.folder / REPORT, "write the report again"
    try:
        report = fit(WholeReport, read_object(path, advice), path, advice)
    except UserError:
        return None
    return report if report.runs[0].complete and report.answer else None
