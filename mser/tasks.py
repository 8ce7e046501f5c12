"""How a model's answers are written down and judged, for each kind of task. No torch: the report uses it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.labels import UNKNOWN, LabelSet, MultiLabel, ScoreSet, Task
from mser.scoring import metrics
from mser.scoring.regression import attributes
from mser.scoring.sentiment import sentiment


def columns(task: Task, target: Any, answer: list[float]) -> dict[str, str]:
    """Return one utterance's columns of ``predictions.csv``: target, prediction, and the probabilities behind it.

    Args:
        task: what was asked.
        target: what `task.target` gave.
        answer: a probability per label, or a number per score.

    Example:
        >>> columns(LabelSet("two", ("neu", "sad")), 1, [0.25, 0.75])
        {'target': 'sad', 'prediction': 'sad', 'p_neu': '0.25', 'p_sad': '0.75'}
    """
    if isinstance(task, ScoreSet):
        return _numbers(task, target, answer)
    probabilities = {f"p_{label}": f"{p:.9g}" for label, p in zip(task.labels, answer, strict=True)}
    if isinstance(task, LabelSet):
        true = "" if target == UNKNOWN else task.labels[target]
        return {"target": true, "prediction": decision(task, answer), **probabilities}
    true = "" if any(map(isnan, target)) else _present(task.labels, target)
    return {"target": true, "prediction": decision(task, answer), **probabilities}


def decision(task: LabelSet | MultiLabel, answer: Sequence[float]) -> str:
    """Return the likeliest label, or all above one half joined by ``+`` where several may hold.

    Example:
        >>> decision(LabelSet("two", ("neu", "sad")), [0.25, 0.75])
        'sad'
    """
    return task.labels[int(np.argmax(answer))] if isinstance(task, LabelSet) else _present(task.labels, answer)


def score(task: Task, target: NDArray[Any], answer: NDArray[np.floating]) -> dict[str, float]:
    """Return every score of a whole part at once.

    Args:
        task: what was asked.
        target: (N,) class indices, or (N, C) presences or scores.
        answer: (N, C) probabilities or scores.
    """
    if isinstance(task, LabelSet):
        true = [task.labels[index] for index in target]
        return metrics.classification(true, [task.labels[index] for index in answer.argmax(1)], task.labels)
    if isinstance(task, ScoreSet):
        if task.labels == ("sentiment",):
            return sentiment(target[:, 0], answer[:, 0])
        return attributes(target, answer, task.labels)
    return metrics.multi_label(target.astype(bool), answer, task.labels)


def score_names(task: Task) -> list[str]:
    """Return the names of what `score` gives.

    Example:
        >>> score_names(LabelSet("two", ("neu", "sad")))
        ['wa', 'ua', 'weighted_f1', 'macro_f1', 'recall_neu', 'recall_sad']
    """
    count = len(task.labels)
    answer = np.linspace([-3.0] * count, [3.0] * count, 7) if isinstance(task, ScoreSet) else np.eye(count)
    return list(score(task, np.arange(count) if isinstance(task, LabelSet) else answer, answer))


def _numbers(task: ScoreSet, target: list[float], answer: list[float]) -> dict[str, str]:
    """Return plain ``target`` and ``prediction`` for one score; for several, each with its name behind it."""
    pairs: Mapping[str, list[float]] = {"target": target, "prediction": answer}
    suffixes = [""] if len(task.labels) == 1 else [f"_{label}" for label in task.labels]
    return {
        f"{name}{suffix}": "" if isnan(number) else f"{number:.9g}"
        for name, numbers in pairs.items()
        for suffix, number in zip(suffixes, numbers, strict=True)
    }


def _present(labels: tuple[str, ...], shares: Sequence[float]) -> str:
    return "+".join(label for label, share in zip(labels, shares, strict=True) if share > 0.5)
