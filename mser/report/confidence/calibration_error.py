"""ECE and log-loss of probabilities; `mser.report.confidence.calibration` tells what they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mser.report.confidence.decisions import Floats, log_losses, sure
from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions
from mser.scoring.scorers import Scorer

MEASURED = ("ece", "log_loss")
BINS = 15
DRAWS = 200
SEED = 0
_REST = range(BINS, BINS + 3)  # of the sums: answers, losses, utterances
WIDTH = BINS + len(_REST)
"""Columns of the sums."""


def expected_error(probability: Floats, right: NDArray[np.bool_]) -> float:
    """Return the ECE of some answers.

    Args:
        probability: (N,) that the model gave its answer, in 0..1.
        right: (N,) whether it was.

    Example:
        >>> round(expected_error(np.array([0.9, 0.9, 0.5, 0.5]), np.array([True, True, True, False])), 3)
        0.05
    """
    gaps = np.bincount(places(probability), right - probability)
    return float(np.abs(gaps).sum() / len(right))


def perfect_errors(answers: list[Floats], draws: int = DRAWS) -> Floats:
    """Return the ECEs, (draws,), of answers that are right as often as their probabilities say: the mean over seeds.

    Args:
        answers: for each seed the probabilities of the same N answers, (N,).
        draws: how often to draw which of them are right.

    Example:
        >>> perfect_errors([np.ones(8)], draws=2).tolist()
        [0.0, 0.0]
        >>> round(float(perfect_errors([np.full(100, 0.5)]).mean()), 2)  # the mean distance from 50 of 100 throws
        0.04
    """
    rng = np.random.default_rng(SEED)
    errors = []
    for _ in range(draws):
        luck = rng.random(len(answers[0]))
        errors.append(np.mean([expected_error(probability, luck < probability) for probability in answers]))
    return np.array(errors)


def calibration_scorer(question: Question) -> Scorer:
    """Return ECE and log-loss as functions of sums: the gap of each bin, the losses, and the number of answers.

    The floor of the log-loss is that of always saying the shares of the judged labels; ECE has none, as that is 0.
    """

    def sums(predictions: Predictions) -> Floats:
        probability, right = sure(predictions, question)
        probability, right = probability.reshape(len(predictions), -1), right.reshape(len(predictions), -1)
        rows = np.zeros((len(predictions), WIDTH))
        utterance = np.broadcast_to(np.arange(len(predictions))[:, None], probability.shape)
        np.add.at(rows, (utterance, places(probability)), right - probability)
        rows[:, BINS:] = np.column_stack(
            [
                np.full(len(predictions), probability.shape[1]),
                log_losses(predictions, question),
                np.ones(len(predictions)),
            ]
        )
        return rows

    def of_sums(found: Floats) -> dict[str, Floats]:
        answers, losses, utterances = (np.where(found[..., place] > 0, found[..., place], np.nan) for place in _REST)
        return {"ece": np.abs(found[..., :BINS]).sum(-1) / answers, "log_loss": losses / utterances}

    def score(predictions: Predictions) -> dict[str, float]:
        return {name: float(value) for name, value in of_sums(sums(predictions).sum(0)).items()}

    def floor(predictions: Predictions) -> dict[str, float]:
        prior = replace(
            predictions,
            probabilities=np.broadcast_to(_present(predictions, question).mean(0), predictions.probabilities.shape),
        )
        return {"ece": float("nan"), "log_loss": float(log_losses(prior, question).mean())}

    return Scorer(score, floor, sums, of_sums)


def _present(predictions: Predictions, question: Question) -> NDArray[np.bool_]:
    """Return which labels hold, (N, C)."""
    return (
        predictions.target
        if question.task.is_several_labels
        else np.eye(len(question.labels), dtype=bool)[predictions.target]
    )


def places(probability: Floats) -> NDArray[np.int64]:
    """Return the bin of each probability."""
    return np.asarray(np.minimum((probability * BINS).astype(int), BINS - 1))
