"""What a finished fold of a run says of its model: its options, its scores, its calibration. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mser import corpora
from mser.corpora import table
from mser.errors import UserError
from mser.labels import ScoreSet
from mser.manifest import Manifest
from mser.report.figures import defined
from mser.report.judges import Judge, judge
from mser.report.predictions import Predictions, read_predictions
from mser.report.runs import Job, Run, read_run
from mser.temperature import fitted_temperature
from mser.use.settings import Member

BEST = "checkpoints/best.ckpt"
_GIVE = "give finished folds such as RUN/seed1/fold1"


@dataclass(frozen=True)
class Trained:
    """One or more finished folds of one run.

    Attributes:
        run: of it only the `Job`s that were asked for.
        members: one per job.
        checkpoints: the weights of each.
    """

    run: Run
    members: tuple[Member, ...]
    checkpoints: tuple[Path, ...]

    @property
    def judge(self) -> Judge:
        """How the run is judged."""
        return judge(self.run.question)


def read_folds(folders: Sequence[Path]) -> Trained:
    """Return what the folders ``RUN/seed<S>/fold<K>`` of one run hold.

    Raises:
        UserError: if one of them is no finished fold, or they are of several runs.
    """
    keys = [_key(folder) for folder in folders]
    homes = list(dict.fromkeys(folder.resolve().parents[1] for folder in folders))
    if len(homes) > 1:
        raise UserError(f"an ensemble is of one run, but {folders[0]} and {folders[-1]} are of several; {_GIVE}")
    if len(set(keys)) < len(keys):
        raise UserError(f"a fold is named twice among {', '.join(map(str, folders))}; name each once")
    run = read_run(folders[0].parent.parent)
    jobs = {(job.seed, job.fold.number): job for job in run.jobs}
    for folder, key in zip(folders, keys, strict=True):
        if key not in jobs or not (folder / BEST).is_file():
            raise UserError(f"{folder} is not finished, or lacks {BEST}; run `mser crossval` again to finish it")
    run = replace(run, jobs=tuple(jobs[key] for key in keys))
    members = tuple(_member(run, job, folder) for job, folder in zip(run.jobs, folders, strict=True))
    return Trained(run, members, tuple(folder / BEST for folder in folders))


def score_range(run: Run) -> dict[str, float]:
    """Return ``low`` and ``high`` of a task of scores; nothing for one of labels."""
    if run.plan.task != "scores":
        return {}
    asked = run.config["data"]["init_args"].get("score_range")
    if asked is None and run.plan.corpus == table.NAME:
        scores = [score for one in Manifest.read(run.folder / "manifest.jsonl") for score in one.scores.values()]
        asked = min(scores), max(scores)
    if asked is None:
        task = corpora.corpus(run.plan.corpus).label_set(run.plan.label_set)
        asked = (task.low, task.high) if isinstance(task, ScoreSet) else (None, None)
    return {"low": asked[0], "high": asked[1]}


def _key(folder: Path) -> tuple[int, int]:
    match = re.search(r"/seed(\d+)/fold(\d+)$", folder.resolve().as_posix())
    if not match:
        raise UserError(f"{folder} is no fold of `mser crossval`; {_GIVE}")
    return int(match[1]), int(match[2])


def _member(run: Run, job: Job, folder: Path) -> Member:
    scorer = judge(run.question).scorer
    path = folder / "predictions.csv"
    val = read_predictions(path, run.question, seed=job.seed, fold=job.fold.number, parts={"val": job.fold.val})["val"]
    parts: dict[str, Predictions] = {"val": val, run.part: job.said}
    return Member(
        weights=f"seed{job.seed}-fold{job.fold.number}.safetensors",
        seed=job.seed,
        fold=job.fold.number,
        temperature=_temperature(run, val),
        metrics={part: _defined(scorer.score(said)) for part, said in parts.items()},
        floor=_defined(scorer.floor(job.said)),
    )


def _temperature(run: Run, val: Predictions) -> float:
    if run.question.task == "scores":
        return 1.0
    return fitted_temperature(val.probabilities, val.target, exclusive=run.question.exclusive)


def _defined(scores: Any) -> dict[str, Any]:
    return {name: defined(score) for name, score in scores.items()}
