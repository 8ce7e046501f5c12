"""What a card's head says of scores, as the hub reads it: ``model-index``, ``metrics``, ``datasets``. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mser.export.folds import Trained
from mser.report.searches.searched import searched
from mser.runs.folder import REPORT
from mser.runs.search_record import KEY
from mser.scoring.means import mean
from mser.scoring.measures import measure

_TYPES = {
    "wa": "accuracy",
    "ua": "recall",
    "balanced_accuracy": "balanced_accuracy",
    "macro_f1": "f1",
    "weighted_f1": "f1",
    "micro_f1": "f1",
    "pearson": "pearsonr",
}
"""What the hub calls a score; the others go by their own names, such as ``mae`` and ``ccc``."""


def whole_report(trained: Trained) -> Mapping[str, Any] | None:
    """Return the report of the run where all of its folds were finished; None where there is none."""
    try:
        report = json.loads((trained.run.folder / REPORT).read_text(encoding="utf-8"))
        return report if report["runs"][0]["complete"] and report["answer"] else None
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def scores(trained: Trained, modalities: tuple[str, ...]) -> dict[str, Any]:
    """Return ``datasets``, ``metrics`` and ``model-index``; of made-up recordings, whose scores mean nothing, nothing.

    The scores are those of the whole run with their intervals where its report is there, else those of the folds that
    the model is made of, of which there are none.
    """
    plan = trained.run.plan
    if plan.made_up:
        return {}
    results = _of_run(trained) or _of_members(trained)
    dataset = {
        "name": plan.corpus,
        "type": plan.corpus,
        "config": plan.protocol,
        "split": "test" if trained.run.part == "test" else "validation",
    }
    kind = "audio-classification" if "speech" in modalities else "text-classification"
    result = {"task": {"type": kind, "name": "speech emotion recognition"}, "dataset": dataset, "metrics": results}
    return {
        "datasets": [plan.corpus],
        "metrics": sorted({str(metric["type"]) for metric in results}),
        "model-index": [{"name": trained.run.name, "results": [result]}],
    }


def _of_run(trained: Trained) -> list[dict[str, Any]]:
    report = whole_report(trained)
    overall: Mapping[str, Any] = (report["runs"][0].get("overall") if report else None) or {}
    results = []
    for name in trained.judge.columns if overall else ():
        figure = overall.get(name) or {}
        if figure.get("mean") is not None:
            ends = figure.get("method_interval") or figure.get("interval")
            results.append(
                _metric(trained, name, figure["mean"], ends, f"mean over all {len(trained.run.plan.folds)} folds")
            )
    return results


def _of_members(trained: Trained) -> list[dict[str, Any]]:
    of = " and ".join(f"seed {member.seed}, fold {member.fold}" for member in trained.members[:3])
    more = f" and {len(trained.members) - 3} more" if len(trained.members) > 3 else ""
    results = []
    for name in trained.judge.columns:
        values = [member.metrics[trained.run.part].get(name) for member in trained.members]
        if known := [value for value in values if value is not None]:
            results.append(_metric(trained, name, mean(known), None, f"{of}{more}"))
    return results


def _metric(trained: Trained, name: str, value: float, ends: list[float] | None, of: str) -> dict[str, Any]:
    """Return one score as the hub has it; what it is a score of, and how sure, is in its name and ``args``."""
    plan = trained.run.plan
    interval = f", 95% interval {ends[0]:.4f} to {ends[1]:.4f}" if ends else ""
    origin = searched(trained.run)
    chosen = trained.run.facts.get(KEY) and not (origin and origin.optimistic is False)
    interval += ", optimistic: settings chosen on this split" if chosen else ""
    args = {"protocol": plan.protocol, "digest": plan.digest, "interval": ends and [round(end, 6) for end in ends]}
    return {
        "type": _TYPES.get(name, name),
        "name": f"{measure(name).title} ({of}{interval})",
        "value": round(float(value), 6),
        "args": {key: value for key, value in args.items() if value},
    }
