"""Several trained models as one set of weights, where that is no worse on validation (Wortsman et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mser.data.batch import UtteranceDataset
from mser.data.batches import LengthBatches
from mser.errors import UserError
from mser.export.folds import Trained, calibrated, defined_scores, temperature
from mser.manifest import Manifest
from mser.recognizer import EmotionRecognizer
from mser.runs.fold_predictions import Predictions
from mser.runs.folder import MANIFEST
from mser.scoring.measures import measure, shown
from mser.scoring.temperature import Floats
from mser.use.settings import Member, Settings

_BATCH_SECONDS = 60.0
_WORSE = 1e-9  # which is rounding, not worse
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Averaged:
    """What became of several models.

    Attributes:
        member: the one that stands for them; of several seeds, so its own seed is 0.
        val: its answers on the validation part.
        probabilities: these, calibrated, (N, C).
        name: of the score that decided, with what the average and the ensemble have of it.
        scores: of the average, and of the ensemble.
    """

    member: Member
    val: Predictions
    probabilities: Floats
    name: str
    scores: tuple[float, float]


def require_one_fold(trained: Trained) -> None:
    """Refuse what has no validation part in common.

    Raises:
        UserError: if there is but one model, or models of several folds.
    """
    folds = sorted({member.fold for member in trained.members})
    if len(folds) > 1:
        raise UserError(
            f"--average was asked for folds {', '.join(map(str, folds))}, which trained on each other's validation "
            "parts, so nothing is left to tell whether the average is any good; average the seeds of one fold "
            "(RUN/seed*/fold1), or leave --average out for an ensemble"
        )
    if len(trained.members) < 2:
        raise UserError("--average was asked for a single model; give several seeds of one fold (RUN/seed*/fold1)")


def mean_weights(states: Sequence[Weights]) -> Weights:
    """Return the mean of each parameter; what is no float, such as positions, is the first one's.

    Example:
        >>> mean_weights([{"w": torch.tensor([1.0])}, {"w": torch.tensor([2.0])}])
        {'w': tensor([1.5000])}
    """
    first = states[0]
    return {
        name: torch.stack([state[name].double() for state in states]).mean(0).to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in first.items()
    }


def judged(trained: Trained, settings: Settings, model: EmotionRecognizer) -> Averaged:
    """Return the average, after comparing it with the ensemble on their common validation part.

    Args:
        trained: seeds of one fold.
        settings: of the ensemble.
        model: with the mean weights.

    Raises:
        UserError: if the average scores worse, or the corpus is not where the run had it.
    """
    judge, val = trained.judge, trained.val[0]
    alone = predictions_by(model, trained, settings, val)
    together = answered(val, np.mean([calibrated(trained, place) for place in range(len(trained.val))], axis=0))
    name = judge.headline[0]
    ours, theirs = (judge.scorer.score(predictions)[name] for predictions in (alone, together))
    if (ours - theirs) * measure(name).better < -_WORSE:
        raise UserError(
            f"the averaged weights score {_score_words(name, ours)} on validation, the ensemble "
            f"{_score_words(name, theirs)}: they are worse; leave --average out to export the ensemble"
        )
    fold = trained.members[0].fold
    member = Member(
        weights=f"averaged-fold{fold}.safetensors",
        seed=0,
        fold=fold,
        temperature=temperature(trained.run, alone),
        metrics={"val": defined_scores(judge.scorer.score(alone))},
        floor=defined_scores(judge.scorer.floor(val)),
    )
    only = replace(trained, members=(member,), val=(alone,))
    return Averaged(member, alone, calibrated(only, 0), name, (ours, theirs))


def compared(averaged: Averaged) -> str:
    """Return both scores in words."""
    ours, theirs = (_score_words(averaged.name, score) for score in averaged.scores)
    return f"the averaged weights score {ours} on validation, the ensemble of the same models {theirs}"


@torch.inference_mode()
def predictions_by(model: EmotionRecognizer, trained: Trained, settings: Settings, val: Predictions) -> Predictions:
    """Return what a model says of the validation part, which is heard again where the run heard it."""
    root: Path = Manifest.read(trained.run.folder / MANIFEST).root
    dataset = UtteranceDataset(
        [trained.run.utterances[name] for name in val.utterances],
        root,
        settings.question(),
        max_seconds=settings.max_seconds,
    )
    answers = np.zeros((len(val), len(settings.task["labels"])))
    for batch in LengthBatches(dataset.durations, _BATCH_SECONDS, most=32).batches():
        answers[batch] = model.objective.answers(model(dataset[batch])).double().numpy()
    return answered(val, answers)


def answered(val: Predictions, answers: Floats) -> Predictions:
    """Return a part with other answers, (N, C)."""
    if not val.probabilities.shape[1]:
        return replace(val, prediction=answers)
    prediction = answers.argmax(1) if val.target.ndim == 1 else answers > 0.5
    return replace(val, prediction=prediction, probabilities=answers)


def _score_words(name: str, score: float) -> str:
    return f"{measure(name).title} {shown(name, score)}{measure(name).unit and ' ' + measure(name).unit}"
