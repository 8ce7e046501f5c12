"""The mistakes that a model was surest of: where to listen first."""

from __future__ import annotations

import numpy as np

from mser.report.figures import pooled
from mser.runs.run import Json, Run

MOST = 20


def mistakes(run: Run) -> list[Json] | None:
    """Return the surest wrong answers of a complete run, the surest first; null where there is not one label each.

    With several seeds the answer to an utterance is the likeliest label by the mean of their probabilities.

    Returns:
        Of each ``utterance`` its ``speaker``, ``true`` and ``said`` label, the ``probability`` of what was said, and
        the ``transcript``; null where the run has no ``manifest.jsonl``.
    """
    if not run.plan.task.is_one_label:
        return None
    pools = [pooled(run, seed) for seed in run.seeds]
    first, labels = pools[0], run.plan.labels
    probabilities = np.mean([pool.probabilities for pool in pools], axis=0)
    # A single seed's ties have been broken by the model.
    said = first.prediction if len(pools) == 1 else probabilities.argmax(1)
    how_sure = probabilities[np.arange(len(first)), said]
    wrong = np.flatnonzero(said != first.target)
    return [
        {
            "utterance": (name := first.utterances[row]),
            "speaker": first.speakers[row],
            "true": labels[first.target[row]],
            "said": labels[said[row]],
            "probability": float(how_sure[row]),
            "transcript": run.utterances[name].transcript if name in run.utterances else None,
        }
        for row in wrong[np.argsort(-how_sure[wrong], kind="stable")][:MOST]
    ]
