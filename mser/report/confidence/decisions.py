"""The answers of a model with how sure it was of each: what calibration, abstaining and mistakes are told from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions

Floats = NDArray[np.float64]
LEAST = 1e-6
"""No answer is taken for surer: its loss would have no bound."""


def sure(said: Predictions, question: Question) -> tuple[Floats, NDArray[np.bool_]]:
    """Return for each answer how probable the model says it is, and whether it is right.

    Args:
        said: N utterances with C probabilities.
        question: with one label per utterance each is an answer, (N,); with several each label is one, (N C,).

    Example:
        >>> from mser.labels import Kind
        >>> said = Predictions(("a",), ("",), ("",), np.array([1]), np.array([0]), np.array([[0.8, 0.2]]))
        >>> sure(said, Question(Kind.LABELS, ("neu", "sad"), exclusive=True))
        (array([0.8]), array([False]))
    """
    if question.task.is_several_labels:
        most = np.maximum(said.probabilities, 1 - said.probabilities)
        return most.ravel(), (said.target == said.prediction).ravel()
    return said.probabilities[np.arange(len(said)), said.prediction], said.target == said.prediction


def log_losses(said: Predictions, question: Question) -> Floats:
    """Return each utterance's negative log-likelihood, (N,): of its label, or the mean over presences and absences."""
    probabilities = np.clip(said.probabilities, LEAST, 1 - LEAST)
    if question.exclusive:
        return np.asarray(-np.log(probabilities[np.arange(len(said)), said.target]))
    present: NDArray[Any] = said.target
    if question.task.is_one_label:
        present = np.eye(len(question.labels), dtype=bool)[said.target]
    return np.asarray(-np.log(np.where(present, probabilities, 1 - probabilities)).mean(1))
