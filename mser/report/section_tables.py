"""The tables of sections that not every complete run has, as rows of cells."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mser.report.robustness import Robustness, Row
from mser.report.summary import Summary
from mser.report.table_formats import Rows, ends, figure_cells


def observers(run: Summary) -> Rows:
    """Return the table of the scores against the observers' votes."""
    if not (votes := run.full.observers):
        return []
    people = votes.people.scores if votes.people else {}
    return [
        {
            "run": run.name,
            **figure_cells(name, figure),
            "an observer": people[name].mean if name in people else None,
            "best": figure.best,
        }
        for name, figure in votes.scores.items()
    ]


def raters(run: Summary) -> Rows:
    """Return the table of how far observers agree on scores."""
    if not (rated := run.full.raters):
        return []
    return [
        {
            "run": run.name,
            "score": name,
            "an observer": estimate.mean,
            **ends(estimate.interval),
            "the model": rated.model[name].mean,
            **ends(rated.model[name].interval, "model from", "model to"),
            "alpha": rated.alpha.get(name.partition("_")[2]) if name.startswith("ccc_") else None,
        }
        for name, estimate in rated.people.items()
    ]


def robustness(run: Summary) -> Rows:
    """Return the table of each condition."""
    return [
        {
            **_asked_for(run, part, row),
            "wer": row.wer,
            "score": name,
            "mean": score.mean,
            **ends(score.interval),
            "difference": score.since.difference if score.since else None,
            **ends(score.since.difference_interval if score.since else None, "difference from", "difference to"),
            "floor": part.floor[name],
        }
        for part in run.full.robustness
        for row in part.conditions
        for name, score in row.scores.items()
    ]


def robustness_labels(run: Summary) -> Rows:
    """Return the table of what is answered of each label under each condition."""
    return [
        {
            **_asked_for(run, part, row),
            "label": label,
            part.label_score: said.score,
            "share of answers": said.share,
        }
        for part in run.full.robustness
        for row in part.conditions
        for label, said in row.by_label.items()
    ]


def _asked_for(run: Summary, part: Robustness, row: Row) -> dict[str, Any]:
    return {"run": run.name, "part": part.part, "kind": row.kind, "level": row.level, "noise": row.noise}


def shortcuts(run: Summary) -> Rows:
    """Return the table of what shortcuts reach."""
    return [
        {
            "run": run.name,
            "cues": row.name,
            "score": name,
            "mean": reached.mean,
            **ends(reached.interval),
            "difference": reached.difference,
            **ends(reached.difference_interval, "difference from", "difference to"),
            "floor": run.overall[name].floor,
            "clearly better": reached.clearly_better,
        }
        for row in run.full.shortcuts or ()
        for name, reached in row.scores.items()
    ]


def reliability(run: Summary) -> Rows:
    """Return the table of how often answers of some probability are right."""
    if not (calibration := run.full.calibration):
        return []
    return [
        {"run": run.name, "probabilities": kind, **asdict(one)}
        for kind, calibrated in (("as is", calibration.as_is), ("scaled", calibration.scaled))
        for one in (calibrated.bins if calibrated else ())
    ]


def risk_coverage(run: Summary) -> Rows:
    """Return the table of how many of the surest answers are wrong."""
    if not (abstaining := run.full.abstaining):
        return []
    return [
        {"run": run.name, "coverage": coverage, "risk": risk}
        for coverage, risk in zip(abstaining.coverage, abstaining.risk, strict=True)
    ]
