"""The numbers of one run, all computed from its predictions, as the object that ``report.json`` holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import nan

from mser.report.doubts import doubts
from mser.report.searches.searched import searched
from mser.report.sections import sections
from mser.runs.run import Job, Json, Run
from mser.scoring import metrics
from mser.scoring.means import defined, mean
from mser.scoring.scorers import Judge
from mser.splits.protocols import Fold

CURVES = ("epoch", "train/loss", "val/loss")


def summarise(run: Run, judged: Judge) -> Json:
    """Return what a run says; shares are in 0..1, times in seconds, memory in GB.

    Args:
        run: what was read.
        judged: how it is judged.

    How its numbers come about is told in `mser.report.figures`. A partial run has no figures, only the scores of the
    folds that are there.
    """
    found = {
        "name": run.name,
        "folder": str(run.folder),
        "complete": not run.missing,
        "missing": [{"seed": seed, "fold": fold} for seed, fold in run.missing],
        "problems": [
            f"seed {job.seed}, fold {job.fold.number} has no history.csv" for job in run.jobs if not job.history
        ],
        "seeds": list(run.seeds),
        "model": _model(run),
        "protocol": _protocol(run),
        "part": "test" if run.part == "test" else "validation",
        "tested": _tested(run),
        "searched": searched(run),
        "constant": judged.constant,
        "headline": list(judged.headline),
        "columns": list(judged.columns),
        "listed": list(judged.listed),
        "curve": _curve(run, judged),
        **sections(run, judged),
        "folds": [_fold(run, fold, judged) for fold in run.plan.folds],
        "cost": _cost(run.jobs),
        "provenance": {key: run.facts.get(key) for key in ("command", "commit", "versions", "hardware", "started")},
    }
    if "judged" in run.facts:
        found["judged"] = run.facts["judged"]
    return found | {"doubts": [doubt._asdict() for doubt in doubts(found)]}


def _tested(run: Run) -> list[Json] | None:
    """Return how often each test part was opened; null where nobody counted."""
    if run.tested is None:
        return None
    return [{"seed": seed, "fold": fold, "times": times} for (seed, fold), times in sorted(run.tested.items())]


def _fold(run: Run, fold: Fold, judged: Judge) -> Json:
    jobs = [job for job in run.jobs if job.fold.number == fold.number]
    scores = [judged.scorer.score(job.said) for job in jobs]
    floor = judged.scorer.floor(jobs[0].said) if jobs else {}
    whole = len(jobs) == len(run.seeds)
    curves = (*CURVES, f"val/{_curve(run, judged)}")
    return {
        "number": fold.number,
        "name": fold.name,
        "utterances": {"train": len(fold.train), "val": len(fold.val), "test": len(fold.test)},
        "speakers": (len({*jobs[0].said.speakers} - {""}) or None) if jobs else None,
        "mean": {name: defined(mean(s[name] for s in scores)) for name in scores[0]} if whole else None,
        "floor": {name: defined(floor.get(name, nan)) for name in judged.columns} if jobs else None,
        "seeds": [_job(job, found, curves) for job, found in zip(jobs, scores, strict=True)],
    }


def _job(job: Job, scores: Mapping[str, float], curves: Iterable[str]) -> Json:
    kept = ("epochs", "best_epoch", "seconds", "peak_memory_gb")
    return {
        "seed": job.seed,
        **{name: defined(score) for name, score in scores.items()},
        **{alias: scores[name] for alias, name in metrics.ALIASES.items() if name in scores},
        **{name: job.facts.get(name) for name in kept},
        "curves": {name: job.history[name] for name in curves if name in job.history},
    }


def _curve(run: Run, judged: Judge) -> str:
    """Return the score whose learning curve is drawn: the first that an epoch of the run was judged by."""
    names = (*judged.headline, *judged.columns)
    return next((name for name in names if any(f"val/{name}" in job.history for job in run.jobs)), names[0])


def _model(run: Run) -> dict[str, str | None]:
    """Return the parts of the model by name: an encoder's checkpoint, or else the class."""
    model = run.config["model"]
    parts = {part: _part(model.get(part)) for part in ("speech", "text", "fusion")}
    if not (parts["speech"] and parts["text"]):
        parts["fusion"] = None
    return parts | {"objective": run.objective}


def _part(config: Json | None) -> str | None:
    if config is None:
        return None
    name = config.get("init_args", config).get("name")
    return str(name or str(config.get("class_path")).rpartition(".")[2])


def _protocol(run: Run) -> Json:
    plan = run.plan
    return {
        "corpus": plan.corpus,
        "name": plan.protocol,
        "description": plan.description,
        "digest": plan.digest,
        "content": plan.content,
        "task": plan.task,
        "label_set": plan.label_set,
        "labels": list(plan.labels),
        "audit": dict(plan.audit),
        "made_up": plan.made_up,
    }


def _cost(jobs: Iterable[Job]) -> Json:
    """Return what the finished jobs took, and the parameters of one model."""
    facts = [job.facts for job in jobs]
    seconds = [f["seconds"] for f in facts if f.get("seconds") is not None]
    memory = [f["peak_memory_gb"] for f in facts if f.get("peak_memory_gb") is not None]
    return {
        "jobs": len(facts),
        "seconds": sum(seconds) if seconds else None,
        "peak_memory_gb": max(memory, default=None),
        "parameters": facts[0].get("parameters") or {},
    }
