"""Calibration: is the model right as often as it says it is?

- *ECE*, the expected calibration error: answers are put into 15 bins of equal width by the probability that the model
  gave them; in each bin the mean probability and the share that was right differ by a gap; the mean of the gaps,
  weighted by the bins' sizes (Naeini et al. 2015; Guo et al. 2017).
- *Temperature scaling*: the logits are divided by the one number that makes the log-loss of the validation part least,
  for each fold and seed its own. It changes how sure the model is, never what it says (Guo et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mser.report.decisions import Floats, log_loss, sure
from mser.runs.predictions import Predictions
from mser.runs.run import Job, Json, Run
from mser.scoring.means import mean
from mser.scoring.temperature import fitted_temperature

BINS = 15


def calibration(run: Run) -> Json | None:
    """Return how well the probabilities of a complete run are calibrated; null for scores, which have none.

    Returns:
        ``as_is``, and ``scaled`` with temperatures fitted on validation, each with ``ece``, ``log_loss`` and ``bins``
        of all folds and seeds; the ``temperatures`` by seed and fold. The last two are null where validation is what
        is judged, or was not kept.
    """
    if run.plan.task == "scores":
        return None
    plain = _said(run, {job: 1.0 for job in range(len(run.jobs))})
    fitted = [_temperature(job.chosen_on, run) for job in run.jobs if job.chosen_on is not None]
    if len(fitted) < len(run.jobs):
        return {"as_is": plain, "scaled": None, "temperatures": None}
    return {
        "as_is": plain,
        "scaled": _said(run, dict(enumerate(fitted))),
        "temperatures": [
            {"seed": job.seed, "fold": job.fold.number, "temperature": found}
            for job, found in zip(run.jobs, fitted, strict=True)
        ],
    }


def expected_error(probability: Floats, right: NDArray[np.bool_]) -> float:
    """Return the ECE of some answers.

    Args:
        probability: (N,) that the model gave its answer, in 0..1.
        right: (N,) whether it was.

    Example:
        >>> round(expected_error(np.array([0.9, 0.9, 0.5, 0.5]), np.array([True, True, True, False])), 3)
        0.05
    """
    gaps = [abs(b["right"] - b["probability"]) * b["answers"] for b in _bins(probability, right)]
    return float(sum(gaps) / len(right))


def _said(run: Run, temperatures: dict[int, float]) -> Json:
    answers = [sure(job.said, run.question, temperatures[place]) for place, job in enumerate(run.jobs)]
    losses = [log_loss(job.said, run.question, temperatures[place]) for place, job in enumerate(run.jobs)]
    sizes = [len(job.said) for job in run.jobs]
    return {
        "ece": mean(_of_seed(run.jobs, answers, seed) for seed in run.seeds),
        "log_loss": float(np.average(losses, weights=sizes)),
        "bins": _bins(*(np.concatenate(side) for side in zip(*answers, strict=True))),
    }


def _temperature(said: Predictions, run: Run) -> float:
    return fitted_temperature(said.probabilities, said.target, exclusive=run.question.exclusive)


def _of_seed(jobs: Sequence[Job], answers: Sequence[tuple[Floats, NDArray[np.bool_]]], seed: int) -> float:
    mine = [answer for job, answer in zip(jobs, answers, strict=True) if job.seed == seed]
    return expected_error(*(np.concatenate(side) for side in zip(*mine, strict=True)))


def _bins(probability: Floats, right: NDArray[np.bool_]) -> list[Json]:
    """Return mean probability, share that is right, and number of answers of each bin that has any."""
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    return [
        {
            "probability": float(probability[place == number].mean()),
            "right": float(right[place == number].mean()),
            "answers": int((place == number).sum()),
        }
        for number in np.unique(place)
    ]
