"""Turns the cells of ``predictions.csv`` into numbers, and refuses those that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mser.errors import UserError
from mser.labels import Kind

_TOLERANCE = 1e-3  # of probabilities that were written with few digits
Row = dict[str, str]


class Question(NamedTuple):
    """What a run asks of each utterance.

    Attributes:
        task: whether one of the labels holds, any number of them, or they are names of numbers.
        labels: the classes, or the names of the scores.
        exclusive: the probabilities of an utterance sum to 1.
    """

    task: Kind
    labels: tuple[str, ...]
    exclusive: bool

    def columns(self) -> list[str]:
        """Return the columns that hold truth and answer."""
        if not self.task.is_numbers or len(self.labels) == 1:
            return ["target", "prediction"]
        return [f"{side}_{label}" for side in ("target", "prediction") for label in self.labels]

    def in_words(self, target: Any) -> str:
        """Return one utterance's truth in words.

        Example:
            >>> Question(Kind.MULTI_LABEL, ("happy", "sad"), exclusive=False).in_words([True, True])
            'happy+sad'
        """
        if self.task.is_one_label:
            return self.labels[int(target)]
        if self.task.is_numbers:
            return ", ".join(f"{score:g}" for score in target)
        return "+".join(label for label, holds in zip(self.labels, target, strict=True) if holds) or "none of them"

    def probable(self) -> tuple[str, ...]:
        """Return the labels that have a probability."""
        return () if self.task.is_numbers else self.labels


Arrays = tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]


def arrays(path: Path, rows: list[Row], question: Question) -> Arrays:
    """Return target, prediction and probabilities of some rows.

    Args:
        path: the file they are from, for messages.
        rows: N of them.
        question: what was asked.

    Returns:
        For ``labels`` (N,) class indices, twice; for ``multi_label`` (N, C) booleans, twice; for ``scores`` (N, C)
        numbers, twice. The probabilities are (N, C), or (N, 0) for ``scores``.

    Raises:
        UserError: for an unknown label, for what is no number, and for a prediction that its probabilities contradict.
    """
    if question.task.is_numbers:
        columns = question.columns()
        table = _numbers(path, rows, columns, "score")
        target, prediction = np.hsplit(table, 2)
        return target, prediction, np.empty((len(rows), 0))
    probabilities = _probabilities(path, rows, question)
    parse = _present if question.task.is_several_labels else _index
    target, prediction = (
        np.array([parse(path, row, column, question.labels) for row in rows]) for column in ("target", "prediction")
    )
    _require_consistent(path, rows, prediction, probabilities, question)
    return target, prediction, probabilities


def bad(path: Path, row: Row, fault: str) -> UserError:
    """Return what to raise for a row that cannot be believed."""
    return UserError(f"{path}: {row['utterance']} {fault}; run this fold again")


def _index(path: Path, row: Row, column: str, labels: Sequence[str]) -> int:
    if row[column] not in labels:
        raise bad(path, row, f"has the {column} {row[column]!r}, expected one of {', '.join(labels)}")
    return labels.index(row[column])


def _present(path: Path, row: Row, column: str, labels: Sequence[str]) -> list[bool]:
    named = row[column].split("+") if row[column] else []
    if unknown := set(named) - set(labels):
        expected = f"expected some of {', '.join(labels)}, joined by +, or nothing"
        raise bad(path, row, f"has {min(unknown)!r} in its {column}, {expected}")
    return [label in named for label in labels]


def _probabilities(path: Path, rows: list[Row], question: Question) -> NDArray[np.float64]:
    table = _numbers(path, rows, [f"p_{label}" for label in question.labels], "probability")
    outside = ~((table >= 0) & (table <= 1)).all(axis=1)
    if outside.any():
        raise bad(path, rows[int(outside.argmax())], "has a probability that is not in 0..1")
    return table


def _numbers(path: Path, rows: list[Row], columns: list[str], what: str) -> NDArray[np.float64]:
    try:
        table = np.array([[float(row[column]) for column in columns] for row in rows], dtype=np.float64)
    except ValueError as error:
        raise UserError(f"{path} has a {what} that is no number ({error}); run this fold again") from error
    table = table.reshape(len(rows), len(columns))
    if what == "score" and not np.isfinite(table).all():
        raise bad(path, rows[int((~np.isfinite(table)).any(axis=1).argmax())], "has a score that is no finite number")
    return table


def _require_consistent(
    path: Path, rows: list[Row], prediction: NDArray[Any], table: NDArray[np.float64], question: Question
) -> None:
    if question.task.is_several_labels:
        other = ((table > 0.5) != prediction) & (np.abs(table - 0.5) > _TOLERANCE)
        faults = {"predicts other labels than those above one half": other.any(axis=1)}
    else:
        chosen = table[np.arange(len(rows)), prediction]
        faults = {
            "has probabilities that do not sum to 1": question.exclusive & (np.abs(table.sum(1) - 1) > _TOLERANCE),
            "predicts a class that is not its likeliest": chosen < table.max(axis=1) - _TOLERANCE,
        }
    for fault, where in faults.items():
        if where.any():
            raise bad(path, rows[int(where.argmax())], fault)
