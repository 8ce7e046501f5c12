"""The numbers of one run, all computed from its predictions, as the object that ``report.json`` holds.

How folds and seeds become one number, everywhere in the report:

- *mean*: each fold and seed is scored on its own; a fold's score is the mean over its seeds; the figure is the mean
  over folds, each fold counting the same whatever its size.
- *sd*: of the folds' scores, with n - 1; null for a single fold. It says how much folds differ, not how sure the
  mean is.
- *sd over seeds*: of the seeds' means over folds, with n - 1; null for a single seed.
- *pooled*: all folds' utterances of a seed scored as one set, each utterance counting the same; then the mean over
  seeds.
- *floor*: what always naming the commonest class scores (for binary scores: always saying absent), put together like
  *mean*.

A class that a fold does not test has no recall there; its mean is over the folds that do.
A partial run has no such figures, only the scores of the folds that are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isnan
from statistics import fmean, stdev

import numpy as np

from mser import metrics
from mser.protocols import Fold
from mser.report.predictions import Predictions
from mser.report.runs import Job, Json, Run

MAIN = ("ua", "wa", "weighted_f1", "macro_f1")
CURVES = ("epoch", "train/loss", "val/loss", "val/ua")


def summarise(run: Run) -> Json:
    """Return what a run says; scores are in 0..1, times in seconds, memory in GB.

    `overall`, `classes`, `confusion`, `binary` and `styles` are null in a partial run, the last two also where the
    objective or the corpus does not give them.
    """
    return {
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
        **_figures(run),
        "folds": [_fold(run, fold) for fold in run.plan.folds],
        "cost": _cost(run.jobs),
        "provenance": {key: run.facts.get(key) for key in ("command", "commit", "versions", "hardware", "started")},
    }


def spread(values: Iterable[float]) -> dict[str, float | None]:
    """Return the mean and the sample standard deviation (n - 1) of the numbers that are defined.

    Example:
        >>> spread([0.75, 0.25])["mean"], spread([0.75, float("nan")])
        (0.5, {'mean': 0.75, 'sd': None})
    """
    known = [value for value in values if not isnan(value)]
    return {"mean": fmean(known) if known else None, "sd": stdev(known) if len(known) > 1 else None}


def figures(run: Run, score: Callable[[Predictions], Mapping[str, float]]) -> dict[str, Json]:
    """Return mean, sd, sd over seeds and pooled, as this file's head defines them, of every score that `score` gives.

    Args:
        run: a complete one.
        score: gives the scores of any set of predictions, by name; always the same names.
    """
    found = {(job.seed, job.fold.number): score(job.test) for job in run.jobs}
    pooled = [score(_pooled(run, seed)) for seed in run.seeds]
    numbers = [fold.number for fold in run.plan.folds]
    return {
        name: {
            **spread(_mean(found[seed, number][name] for seed in run.seeds) for number in numbers),
            "sd_over_seeds": spread(_mean(found[seed, number][name] for number in numbers) for seed in run.seeds)["sd"],
            "pooled": _defined(_mean(scores[name] for scores in pooled)),
        }
        for name in pooled[0]
    }


def _figures(run: Run) -> Json:
    if run.missing:
        return dict.fromkeys(("overall", "classes", "confusion", "binary", "styles"))
    labels = run.plan.labels
    found = figures(run, lambda test: metrics.classification(test.target, test.prediction, labels))
    floor = figures(run, lambda test: metrics.majority(test.target, labels))
    overall = {name: {**found[name], "floor": floor[name]["mean"]} for name in MAIN}
    truth = _pooled(run, run.seeds[0]).target
    return {
        "overall": overall | {alias: overall[name] for alias, name in metrics.ALIASES.items()},
        "classes": {label: {"utterances": truth.count(label), "recall": found[f"recall_{label}"]} for label in labels},
        "confusion": _confusion(run),
        "binary": _binary(run) if run.objective == "OneVsRest" else None,
        "styles": _styles(run) if run.styles else None,
    }


def _confusion(run: Run) -> Json:
    counts = sum(metrics.confusion(job.test.target, job.test.prediction, run.plan.labels) for job in run.jobs)
    rows = np.asarray(counts)
    shares = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
    return {"labels": list(run.plan.labels), "counts": rows.tolist(), "row_shares": shares.tolist()}


def _binary(run: Run) -> Json:
    labels = run.plan.labels
    found = figures(run, lambda test: metrics.one_vs_rest(test.target, test.probabilities, labels))
    floor = figures(run, lambda test: metrics.always_absent(test.target, labels))
    return {name: {**figure, "floor": floor[name]["mean"]} for name, figure in found.items()}


def _styles(run: Run) -> Json:
    """Return the pooled scores of each style: in a single fold a style can be too rare to score every class."""
    pools = [_pooled(run, seed) for seed in run.seeds]
    found = {}
    for style in sorted({run.styles[u] for u in pools[0].utterances if u in run.styles}):
        parts = [pool.only({u for u, which in run.styles.items() if which == style}) for pool in pools]
        scores = [metrics.classification(part.target, part.prediction, run.plan.labels) for part in parts]
        floor = metrics.majority(parts[0].target, run.plan.labels)
        found[style] = {
            "utterances": len(parts[0]),
            **{name: {"pooled": _mean(s[name] for s in scores), "floor": floor[name]} for name in MAIN},
        }
    return found


def _fold(run: Run, fold: Fold) -> Json:
    jobs = [job for job in run.jobs if job.fold.number == fold.number]
    scores = [metrics.classification(job.test.target, job.test.prediction, run.plan.labels) for job in jobs]
    floor = metrics.majority(jobs[0].test.target, run.plan.labels) if jobs else {}
    whole = len(jobs) == len(run.seeds)
    return {
        "number": fold.number,
        "name": fold.name,
        "utterances": {"train": len(fold.train), "val": len(fold.val), "test": len(fold.test)},
        "speakers": len(set(jobs[0].test.speakers)) if jobs else None,
        "mean": {name: _defined(_mean(s[name] for s in scores)) for name in scores[0]} if whole else None,
        "floor": {name: floor[name] for name in MAIN} if jobs else None,
        "seeds": [_job(job, found) for job, found in zip(jobs, scores, strict=True)],
    }


def _job(job: Job, scores: Mapping[str, float]) -> Json:
    kept = ("epochs", "best_epoch", "seconds", "peak_memory_gb")
    return {
        "seed": job.seed,
        **{name: _defined(score) for name, score in scores.items()},
        **{alias: scores[name] for alias, name in metrics.ALIASES.items()},
        **{name: job.facts.get(name) for name in kept},
        "curves": {name: job.history[name] for name in CURVES if name in job.history},
    }


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
        "label_set": plan.label_set,
        "labels": list(plan.labels),
        "audit": dict(plan.audit),
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


def _pooled(run: Run, seed: int) -> Predictions:
    return Predictions.pool([job.test for job in run.jobs if job.seed == seed])


def _mean(values: Iterable[float]) -> float:
    mean = spread(values)["mean"]
    return float("nan") if mean is None else mean


def _defined(value: float) -> float | None:
    return None if isnan(value) else value
