"""Which label a condition moves answers to: the share of each among the answers, and how well each is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mser.runs.run import Run
from mser.scoring.means import defined, mean
from mser.scoring.scorers import Scorer


@dataclass(frozen=True)
class LabelAnswers:
    """What the answers say of a label.

    Attributes:
        score: how well it is told, by `label_score`: the mean over folds and seeds; None where no fold holds it.
        share: of all answers that name it; None for scores, which name nothing.
    """

    score: float | None
    share: float | None


def label_score(run: Run) -> str:
    """Return by which score a single label of a run's task is judged: ``recall``, ``balanced_accuracy`` or ``ccc``."""
    if run.plan.task.is_one_label:
        return "recall"
    return "balanced_accuracy" if run.plan.task.is_several_labels else "ccc"


def by_label(run: Run, scorer: Scorer) -> dict[str, LabelAnswers]:
    """Return what the answers of a run's models say of each label; nothing where a lone score is all there is."""
    labels, kind = run.plan.labels, label_score(run)
    scores = [scorer.score(job.predictions) for job in run.jobs]
    if f"{kind}_{labels[0]}" not in scores[0]:
        return {}
    shares = _shares(run)
    return {
        label: LabelAnswers(defined(mean(one[f"{kind}_{label}"] for one in scores)), shares.get(label))
        for label in labels
    }


def _shares(run: Run) -> Mapping[str, float]:
    labels, task = run.plan.labels, run.plan.task
    answers = np.concatenate([job.predictions.prediction for job in run.jobs])
    if task.is_one_label:
        return {label: float(np.mean(answers == place)) for place, label in enumerate(labels)}
    return (
        {label: float(answers[:, place].mean()) for place, label in enumerate(labels)} if task.is_several_labels else {}
    )
