"""What a card's head says of scores, as the hub reads it: ``model-index``, ``metrics``, ``datasets``. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from mser.export.folds import Trained
from mser.export.whole_report import Interval, whole_report
from mser.report.searches.searched import searched
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


@dataclass(frozen=True)
class Metric:
    """One score as the hub has it.

    Attributes:
        type: the hub's name of it.
        name: for a reader, with what it is a score of and how sure it is.
        value: rounded.
        args: the protocol, its digest and the interval, those that are there.
    """

    type: str
    name: str
    value: float
    args: Mapping[str, object]


def scores(trained: Trained, modalities: tuple[str, ...]) -> Mapping[str, object]:
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
    result = {
        "task": {"type": kind, "name": "speech emotion recognition"},
        "dataset": dataset,
        "metrics": [asdict(metric) for metric in results],
    }
    return {
        "datasets": [plan.corpus],
        "metrics": sorted({metric.type for metric in results}),
        "model-index": [{"name": trained.run.name, "results": [result]}],
    }


def _of_run(trained: Trained) -> list[Metric]:
    report = whole_report(trained.run)
    of = f"mean over all {len(trained.run.plan.folds)} folds"
    overall = report.overall if report else {}
    metrics = []
    for name in trained.judge.columns:
        score = overall.get(name)
        if score and score.mean is not None:
            metrics.append(_metric(trained, name, score.mean, score.method_interval or score.interval, of))
    return metrics


def _of_members(trained: Trained) -> list[Metric]:
    of = " and ".join(f"seed {member.seed}, fold {member.fold}" for member in trained.members[:3])
    more = f" and {len(trained.members) - 3} more" if len(trained.members) > 3 else ""
    metrics = []
    for name in trained.judge.columns:
        values = [member.metrics[trained.run.part].get(name) for member in trained.members]
        if defined := [value for value in values if value is not None]:
            metrics.append(_metric(trained, name, mean(defined), None, f"{of}{more}"))
    return metrics


def _metric(trained: Trained, name: str, value: float, ends: Interval | None, of: str) -> Metric:
    """Return one score as the hub has it; what it is a score of, and how sure, is in its name and ``args``."""
    plan = trained.run.plan
    interval = f", 95% interval {ends[0]:.4f} to {ends[1]:.4f}" if ends else ""
    origin = searched(trained.run)
    chosen = trained.run.facts.get(KEY) and not (origin and origin.optimistic is False)
    interval += ", optimistic: settings chosen on this split" if chosen else ""
    args = {"protocol": plan.protocol, "digest": plan.digest, "interval": ends and [round(end, 6) for end in ends]}
    return Metric(
        type=_TYPES.get(name, name),
        name=f"{measure(name).title} ({of}{interval})",
        value=round(float(value), 6),
        args={key: value for key, value in args.items() if value},
    )
