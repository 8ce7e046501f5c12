"""The answers of a model with how sure it was of each: what calibration, abstaining and mistakes are told from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.runs.csv_cells import Question
from mser.runs.predictions import Predictions
from mser.scoring.temperature import tempered

Floats = NDArray[np.float64]
LEAST = 1e-6
"""No answer is taken for surer: its loss would have no bound."""


def sure(said: Predictions, question: Question, temperature: float = 1.0) -> tuple[Floats, NDArray[np.bool_]]:
    """Return for each answer how probable the model says it is, and whether it is right.

    Args:
        said: N utterances with C probabilities.
        question: with one label per utterance each is an answer, (N,); with several each label is one, (N C,).
        temperature: what the logits are divided by before.

    Example:
        >>> said = Predictions(("a",), ("",), ("",), np.array([1]), np.array([0]), np.array([[0.8, 0.2]]))
        >>> sure(said, Question("labels", ("neu", "sad"), exclusive=True))
        (array([0.8]), array([False]))
    """
    probabilities = _tempered(said, question, temperature)
    if question.task == "multi_label":
        return np.maximum(probabilities, 1 - probabilities).ravel(), (said.target == said.prediction).ravel()
    return probabilities[np.arange(len(said)), said.prediction], said.target == said.prediction


def log_loss(said: Predictions, question: Question, temperature: float = 1.0) -> float:
    """Return the mean negative log-likelihood: of the true label, or of each label's presence or absence."""
    probabilities = np.clip(_tempered(said, question, temperature), LEAST, 1 - LEAST)
    if question.exclusive:
        return float(-np.log(probabilities[np.arange(len(said)), said.target]).mean())
    present: NDArray[Any] = said.target
    if question.task == "labels":
        present = np.eye(len(question.labels), dtype=bool)[said.target]
    return float(-np.log(np.where(present, probabilities, 1 - probabilities)).mean())


def _tempered(said: Predictions, question: Question, temperature: float) -> Floats:
    if temperature == 1:
        return said.probabilities
    return tempered(said.probabilities, temperature, exclusive=question.exclusive)
