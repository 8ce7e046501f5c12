"""What a finished fold of a run says of its model: its options, its scores, its calibration. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mser import corpora
from mser.corpora.table import corpus as table
from mser.errors import UserError
from mser.export.threshold import fitted_threshold
from mser.export.together import Answered, together
from mser.labels import ScoreSet
from mser.manifest import Manifest
from mser.runs.fold_predictions import Part, Predictions, read_predictions
from mser.runs.folder import BEST, MANIFEST, PREDICTIONS, config_of, fold_key, run_of
from mser.runs.run import Job, Run, read_run
from mser.runs.run_config import read_config
from mser.scoring.means import defined
from mser.scoring.scorers import Judge, judge
from mser.scoring.temperature import Floats, fitted_temperature, tempered
from mser.use.settings import Member

_GIVE = "give finished folds such as RUN/seed1/fold1"


@dataclass(frozen=True)
class Trained:
    """One or more finished folds of one run.

    Attributes:
        run: of it only the `Job`s that were asked for.
        members: one per job.
        val: what each says of its fold's validation part.
        checkpoints: the weights of each.
    """

    run: Run
    members: tuple[Member, ...]
    val: tuple[Predictions, ...]
    checkpoints: tuple[Path, ...]

    @property
    def judge(self) -> Judge:
        """How the run is judged."""
        return judge(self.run.question, self.run.plan.label_set)


def read_folds(folders: Sequence[Path]) -> Trained:
    """Return what the folders ``RUN/seed<S>/fold<K>`` of one run hold.

    Raises:
        UserError: if one of them is no finished fold, or they are of several runs.
    """
    keys = [_key(folder) for folder in folders]
    homes = list(dict.fromkeys(run_of(folder) for folder in folders))
    if len(homes) > 1:
        raise UserError(f"an ensemble is of one run, but {folders[0]} and {folders[-1]} are of several; {_GIVE}")
    if len(set(keys)) < len(keys):
        raise UserError(f"a fold is named twice among {', '.join(map(str, folders))}; name each once")
    run = read_run(folders[0].parent.parent)
    jobs = {(job.seed, job.fold.number): job for job in run.jobs}
    for folder, key in zip(folders, keys, strict=True):
        if key not in jobs or not (folder / BEST).is_file():
            raise UserError(f"{folder} is not finished, or lacks {BEST}; run `mser crossval` again to finish it")
    run = replace(run, jobs=tuple(jobs[key] for key in keys), config=_config(folders))
    val = tuple(_val(run, job, folder) for job, folder in zip(run.jobs, folders, strict=True))
    members = tuple(_member(run, job, predictions) for job, predictions in zip(run.jobs, val, strict=True))
    return Trained(run, members, val, tuple(folder / BEST for folder in folders))


def calibrated(trained: Trained, place: int, predictions: Predictions | None = None) -> Floats:
    """Return what one member says of a part, else of validation: calibrated probabilities, or scores, (N, C)."""
    question, predictions = trained.run.question, trained.val[place] if predictions is None else predictions
    if question.task.is_numbers:
        return np.asarray(predictions.prediction, dtype=np.float64)
    return tempered(predictions.probabilities, trained.members[place].temperature, exclusive=question.exclusive)


def threshold(trained: Trained) -> dict[str, float] | None:
    """Return when the model of these folds had better keep silent; see `mser.use.abstention`.

    Seeds of one fold answer its validation part together, as they do in use. Several folds do so where at least two
    have not trained on the same utterances (`mser.export.together`); else each answers its own part, alone.
    """
    folds: dict[int, list[int]] = {}
    for place, member in enumerate(trained.members):
        folds.setdefault(member.fold, []).append(place)
    val = [_answered(trained, places, [trained.val[place] for place in places]) for places in folds.values()]
    question = trained.run.question
    alone = fitted_threshold([(part.predictions, part.probabilities) for part in val], question)
    if alone is None or len(folds) == 1:
        return alone
    tested = [trained.run.jobs[place].predictions for place in range(len(trained.members))]
    test = [_answered(trained, places, [tested[place] for place in places]) for places in folds.values()]
    return together([*val, *test] if trained.run.part == "test" else val, question) or alone | {"members": 1}


def _answered(trained: Trained, places: Sequence[int], parts: Sequence[Predictions]) -> Answered:
    """Return what the seeds of one fold say of a part together."""
    answers = [calibrated(trained, place, part) for place, part in zip(places, parts, strict=True)]
    return Answered(trained.members[places[0]].fold, parts[0], np.mean(answers, axis=0))


def score_range(run: Run) -> dict[str, float]:
    """Return ``low`` and ``high`` of a task of scores; nothing for one of labels."""
    if not run.plan.task.is_numbers:
        return {}
    if run.plan.score_range:
        return dict(zip(("low", "high"), run.plan.score_range, strict=True))
    limits = run.config["data"]["init_args"].get("score_range")
    if limits is None and run.plan.corpus == table.NAME:
        scores = [score for utterance in Manifest.read(run.folder / MANIFEST) for score in utterance.scores.values()]
        limits = min(scores), max(scores)
    if limits is None:
        task = corpora.corpus(run.plan.corpus).label_set(run.plan.label_set)
        limits = (task.low, task.high) if isinstance(task, ScoreSet) else (None, None)
    return {"low": limits[0], "high": limits[1]}


def _config(folders: Sequence[Path]) -> dict[str, Any]:
    """Return the options that the folds were fitted with."""
    configs = [read_config(home) for home in dict.fromkeys(config_of(folder).parent for folder in folders)]
    if any(config["model"] != configs[0]["model"] for config in configs):
        raise UserError(f"{folders[0]} and others of its search chose different models; export them one by one")
    return configs[0]


def _key(folder: Path) -> tuple[int, int]:
    if key := fold_key(folder):
        return key
    raise UserError(f"{folder} is no fold of `mser crossval`; {_GIVE}")


def _val(run: Run, job: Job, folder: Path) -> Predictions:
    path = folder / PREDICTIONS
    parts: dict[Part, tuple[str, ...]] = {"val": job.fold.val}
    return read_predictions(path, run.question, seed=job.seed, fold=job.fold.number, parts=parts)["val"]


def _member(run: Run, job: Job, val: Predictions) -> Member:
    scorer = judge(run.question).scorer
    parts: dict[str, Predictions] = {"val": val, run.part: job.predictions}
    return Member(
        weights=f"seed{job.seed}-fold{job.fold.number}.safetensors",
        seed=job.seed,
        fold=job.fold.number,
        temperature=temperature(run, val),
        metrics={part: defined_scores(scorer.score(predictions)) for part, predictions in parts.items()},
        floor=defined_scores(scorer.floor(job.predictions)),
    )


def temperature(run: Run, val: Predictions) -> float:
    """Return what calibrates the probabilities of a validation part."""
    if run.question.task.is_numbers:
        return 1.0
    return fitted_temperature(val.probabilities, val.target, exclusive=run.question.exclusive)


def defined_scores(scores: Mapping[str, float]) -> dict[str, float | None]:
    """Return scores as JSON can hold them: None for what is not defined."""
    return {name: defined(score) for name, score in scores.items()}
