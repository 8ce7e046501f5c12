"""The mistakes that a model was surest of: where to listen first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mser.report.figures import pooled
from mser.runs.run import Run

MOST = 20


@dataclass(frozen=True)
class Mistake:
    """A wrong answer.

    Attributes:
        utterance: its id.
        speaker: who speaks.
        true: the label.
        said: the predicted one.
        probability: of the predicted one.
        transcript: None where the run has no ``manifest.jsonl``.
    """

    utterance: str
    speaker: str
    true: str
    said: str
    probability: float
    transcript: str | None


def mistakes(run: Run) -> list[Mistake] | None:
    """Return the surest wrong answers of a complete run, the surest first; None where there is not one label each.

    With several seeds the answer to an utterance is the likeliest label by the mean of their probabilities.
    """
    if not run.plan.task.is_one_label:
        return None
    pools = [pooled(run, seed) for seed in run.seeds]
    first, labels = pools[0], run.plan.labels
    probabilities = np.mean([pool.probabilities for pool in pools], axis=0)
    # A single seed's ties have been broken by the model.
    prediction = first.prediction if len(pools) == 1 else probabilities.argmax(1)
    probability = probabilities[np.arange(len(first)), prediction]
    wrong = np.flatnonzero(prediction != first.target)
    return [
        Mistake(
            utterance=(name := first.utterances[row]),
            speaker=first.speakers[row],
            true=labels[first.target[row]],
            said=labels[prediction[row]],
            probability=float(probability[row]),
            transcript=run.utterances[name].transcript if name in run.utterances else None,
        )
        for row in wrong[np.argsort(-probability[wrong], kind="stable")][:MOST]
    ]
