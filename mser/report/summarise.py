"""Tells what one run says, all computed from its predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import nan
from typing import Any

from mser.report.doubts import doubts
from mser.report.searches.searched import searched
from mser.report.sections import sections
from mser.report.summary import AskedProtocol, Cost, FoldScores, Missing, Model, Opened, Provenance, SeedScores, Summary
from mser.runs.run import Job, Run
from mser.scoring.means import defined, mean
from mser.scoring.metrics import ALIASES
from mser.scoring.scorers import Judge
from mser.splits.protocols import Fold

CURVES = ("epoch", "train/loss", "val/loss")


def summarise(run: Run, judge: Judge) -> Summary:
    """Return what a run says.

    Args:
        run: what was read.
        judge: how it is judged.
    """
    summary = Summary(
        name=run.name,
        folder=str(run.folder),
        complete=not run.missing,
        missing=[Missing(*key) for key in run.missing],
        problems=[f"seed {job.seed}, fold {job.fold.number} has no history.csv" for job in run.jobs if not job.history],
        seeds=run.seeds,
        model=_model(run),
        protocol=_protocol(run),
        part="test" if run.part == "test" else "validation",
        tested=None if run.tested is None else [Opened(*key, times) for key, times in sorted(run.tested.items())],
        searched=searched(run),
        constant=judge.constant,
        headline=judge.headline,
        columns=judge.columns,
        listed=judge.listed,
        curve=_curve(run, judge),
        sections=sections(run, judge),
        folds=[_fold(run, fold, judge) for fold in run.plan.folds],
        cost=_cost(run.jobs),
        provenance=_provenance(run),
        judged=run.facts.get("judged"),
    )
    return replace(summary, doubts=doubts(summary))


def _fold(run: Run, fold: Fold, judge: Judge) -> FoldScores:
    jobs = [job for job in run.jobs if job.fold.number == fold.number]
    scores = [judge.scorer.score(job.predictions) for job in jobs]
    floor = judge.scorer.floor(jobs[0].predictions) if jobs else {}
    whole = len(jobs) == len(run.seeds)
    curves = (*CURVES, f"val/{_curve(run, judge)}")
    return FoldScores(
        number=fold.number,
        name=fold.name,
        utterances={"train": len(fold.train), "val": len(fold.val), "test": len(fold.test)},
        speakers=(len({*jobs[0].predictions.speakers} - {""}) or None) if jobs else None,
        mean={name: defined(mean(each[name] for each in scores)) for name in scores[0]} if whole else None,
        floor={name: defined(floor.get(name, nan)) for name in judge.columns} if jobs else None,
        seeds=[_seed(job, scored, curves) for job, scored in zip(jobs, scores, strict=True)],
    )


def _seed(job: Job, scores: Mapping[str, float], curves: Iterable[str]) -> SeedScores:
    aliases = {alias: scores[name] for alias, name in ALIASES.items() if name in scores}
    return SeedScores(
        seed=job.seed,
        scores={name: defined(score) for name, score in scores.items()} | aliases,
        epochs=job.facts.get("epochs"),
        best_epoch=job.facts.get("best_epoch"),
        seconds=job.facts.get("seconds"),
        peak_memory_gb=job.facts.get("peak_memory_gb"),
        curves={name: job.history[name] for name in curves if name in job.history},
    )


def _curve(run: Run, judge: Judge) -> str:
    """Return the score whose learning curve is drawn: the first that an epoch of the run was judged by."""
    names = (*judge.headline, *judge.columns)
    return next((name for name in names if any(f"val/{name}" in job.history for job in run.jobs)), names[0])


def _model(run: Run) -> Model:
    speech, text, fusion = (_part(run.config["model"].get(part)) for part in ("speech", "text", "fusion"))
    return Model(speech, text, fusion if speech and text else None, run.objective)


def _part(config: dict[str, Any] | None) -> str | None:
    if config is None:
        return None
    name = config.get("init_args", config).get("name")
    return str(name or str(config.get("class_path")).rpartition(".")[2])


def _protocol(run: Run) -> AskedProtocol:
    plan = run.plan
    return AskedProtocol(
        corpus=plan.corpus,
        name=plan.protocol,
        description=plan.description,
        digest=plan.digest,
        content=plan.content,
        task=plan.task,
        label_set=plan.label_set,
        labels=plan.labels,
        audit=plan.audit,
        made_up=plan.made_up,
    )


def _provenance(run: Run) -> Provenance:
    facts = run.facts
    return Provenance(
        command=facts.get("command"),
        commit=facts.get("commit"),
        versions=facts.get("versions"),
        hardware=facts.get("hardware"),
        started=facts.get("started"),
    )


def _cost(jobs: Sequence[Job]) -> Cost:
    facts = [job.facts for job in jobs]
    seconds = [took for each in facts if (took := each.get("seconds")) is not None]
    memory = [peak for each in facts if (peak := each.get("peak_memory_gb")) is not None]
    return Cost(
        jobs=len(facts),
        seconds=sum(seconds) if seconds else None,
        peak_memory_gb=max(memory, default=None),
        parameters=facts[0].get("parameters") or {},
    )
