"""Two models' answers as one: the logarithmic opinion pool (Genest and Zidek 1986), or the mean of scores.

Each side's probabilities are calibrated by a temperature and their logarithms are added with the weights w and 1 - w
(for labels of which several may hold, their logits). Predicted scores are averaged with the same weights. Temperatures
and w are fitted on a validation part: w makes the log-loss least, or for scores the first headline score best (MAE for
sentiment, mean CCC for attributes), by which such runs are customarily compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mser.report.confidence.decisions import log_losses
from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions
from mser.scoring.measures import measure
from mser.scoring.scorers import judge
from mser.scoring.temperature import fitted_temperature, tempered

_WEIGHTS = np.linspace(0, 1, 101)
_LEAST = 1e-12
Floats = NDArray[np.float64]


def fuse(
    sides: tuple[Predictions, Predictions], chosen_on: tuple[Predictions, Predictions], question: Question
) -> tuple[Predictions, Predictions, float]:
    """Return the late fusion of what two models say.

    Args:
        sides: of speech and of text, on the same utterances in the same order.
        chosen_on: the same of a validation part, which temperatures and weight are fitted on.
        question: what was asked.

    Returns:
        Of `sides`, of `chosen_on`, and the weight of speech, 0 to 1; of equally good ones the nearest to one half.
    """
    if question.task.is_numbers:
        headline = judge(question).headline[0]
        better = measure(headline).better

        def loss(said: Predictions) -> float:
            return -better * judge(question).scorer.score(said)[headline]

    else:
        temperatures = [
            fitted_temperature(said.probabilities, said.target, exclusive=question.exclusive) for said in chosen_on
        ]
        sides, chosen_on = (
            (_tempered(one[0], temperatures[0], question), _tempered(one[1], temperatures[1], question))
            for one in (sides, chosen_on)
        )

        def loss(said: Predictions) -> float:
            return float(log_losses(said, question).mean())

    weight = _best(lambda weight: loss(_weighted(chosen_on, weight, question)))
    return _weighted(sides, weight, question), _weighted(chosen_on, weight, question), weight


def _best(loss: Callable[[float], float]) -> float:
    losses = np.array([loss(float(weight)) for weight in _WEIGHTS])
    best = _WEIGHTS[losses <= losses.min() + 1e-12]
    return float(best[np.abs(best - 0.5).argmin()])


def _weighted(sides: tuple[Predictions, Predictions], weight: float, question: Question) -> Predictions:
    one, other = sides
    if question.task.is_numbers:
        return replace(one, prediction=weight * one.prediction + (1 - weight) * other.prediction)
    pooled = weight * _logs(one, question) + (1 - weight) * _logs(other, question)
    if question.exclusive:
        powers = np.exp(pooled - pooled.max(axis=1, keepdims=True))
        probabilities = powers / powers.sum(axis=1, keepdims=True)
    else:
        probabilities = 1 / (1 + np.exp(-pooled))
    prediction = probabilities > 0.5 if question.task.is_several_labels else probabilities.argmax(axis=1)
    return replace(one, probabilities=probabilities, prediction=prediction)


def _logs(said: Predictions, question: Question) -> Floats:
    """Return (N, C) logarithms of probabilities, or logits where each stands for itself."""
    sure = np.clip(said.probabilities, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(sure) if question.exclusive else np.log(sure / (1 - sure)))


def _tempered(said: Predictions, temperature: float, question: Question) -> Predictions:
    return replace(said, probabilities=tempered(said.probabilities, temperature, exclusive=question.exclusive))
