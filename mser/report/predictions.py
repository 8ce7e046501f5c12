"""Reads a fold's predictions and refuses whatever would make a score of them untrue."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mser.errors import UserError

_COLUMNS = ("utterance", "speaker", "group", "fold", "seed", "split", "target", "prediction")
_TOLERANCE = 1e-3  # of probabilities that were written with few digits
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What one model said of one part of a fold, in the order of the utterances' ids.

    Attributes:
        utterances: N ids, each once.
        speakers: who speaks.
        target: true labels.
        prediction: predicted labels.
        probabilities: (N, C), columns in the order of the label set; NaN-free and in 0..1.
    """

    utterances: tuple[str, ...]
    speakers: tuple[str, ...]
    target: tuple[str, ...]
    prediction: tuple[str, ...]
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.utterances)

    def only(self, wanted: Collection[str]) -> Predictions:
        """Return the rows of some utterances."""
        rows = [row for row, utterance in enumerate(self.utterances) if utterance in wanted]
        return Predictions(
            utterances=tuple(self.utterances[row] for row in rows),
            speakers=tuple(self.speakers[row] for row in rows),
            target=tuple(self.target[row] for row in rows),
            prediction=tuple(self.prediction[row] for row in rows),
            probabilities=self.probabilities[rows],
        )

    @classmethod
    def pool(cls, parts: Sequence[Predictions]) -> Predictions:
        """Return the rows of several parts as one."""
        return cls(
            utterances=tuple(utterance for part in parts for utterance in part.utterances),
            speakers=tuple(speaker for part in parts for speaker in part.speakers),
            target=tuple(label for part in parts for label in part.target),
            prediction=tuple(label for part in parts for label in part.prediction),
            probabilities=np.concatenate([part.probabilities for part in parts]),
        )


def read_predictions(
    path: Path, *, labels: Sequence[str], seed: int, fold: int, test: Collection[str], exclusive: bool
) -> Predictions:
    """Return the test rows of a ``predictions.csv``; no model, audio or torch is needed.

    Args:
        path: the file.
        labels: the classes of the run's label set.
        seed: the seed that the rows must carry.
        fold: the fold that the rows must carry.
        test: the ids that the protocol tests in this fold: all of them must be there, once, and no others.
        exclusive: each utterance has one class, so that its probabilities sum to 1.

    Raises:
        UserError: if the file is missing, cut short or of another run, fold, seed or label set; if an utterance is
            missing, repeated or unknown; if a probability is no number in 0..1 or contradicts the prediction.
    """
    rows = [row for row in _read(path, labels, seed, fold) if row["split"] == "test"]
    _require_ids(path, [row["utterance"] for row in rows], test)
    rows.sort(key=lambda row: row["utterance"])
    for row in rows:
        for column in ("target", "prediction"):
            if row[column] not in labels:
                raise _bad(path, row, f"has the {column} {row[column]!r}, expected one of {', '.join(labels)}")
    return Predictions(
        utterances=tuple(row["utterance"] for row in rows),
        speakers=tuple(row["speaker"] for row in rows),
        target=tuple(row["target"] for row in rows),
        prediction=tuple(row["prediction"] for row in rows),
        probabilities=_probabilities(path, rows, labels, exclusive),
    )


def _read(path: Path, labels: Sequence[str], seed: int, fold: int) -> list[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _require_columns(path, list(reader.fieldnames or ()), labels)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path}: {error}; run this fold again") from error
    for row in rows:
        if None in row or None in row.values():
            raise _bad(path, row, "has another number of cells than the header; the file is cut short")
        if (row["seed"], row["fold"]) != (str(seed), str(fold)):
            raise _bad(path, row, f"is of seed {row['seed']} and fold {row['fold']}, expected {seed} and {fold}")
        if row["split"] not in ("val", "test"):
            raise _bad(path, row, f"is of split {row['split']!r}, expected val or test")
    return rows


def _require_columns(path: Path, columns: list[str], labels: Sequence[str]) -> None:
    if missing := [name for name in _COLUMNS if name not in columns]:
        raise UserError(f"{path} has no column {missing[0]!r}; expected {', '.join(_COLUMNS)}; run this fold again")
    found = [name.removeprefix("p_") for name in columns if name.startswith("p_")]
    if sorted(found) != sorted(labels):
        have, want = ", ".join(found) or "none", ", ".join(labels)
        raise UserError(f"{path} has probabilities for {have}, but the run's label set is {want}; run this fold again")


def _require_ids(path: Path, found: Sequence[str], expected: Collection[str]) -> None:
    ordered = sorted(found)
    if repeated := [a for a, b in pairwise(ordered) if a == b]:
        raise UserError(f"{path} has {_some(repeated)} more than once among its test rows; run this fold again")
    if unknown := sorted(set(found) - set(expected)):
        raise UserError(f"{path} has {_some(unknown)}, which the protocol does not test in this fold; run it again")
    if missing := sorted(set(expected) - set(found)):
        message = (
            f"{path} lacks {_some(missing)} of the {len(expected)} utterances that the protocol tests in this fold"
        )
        raise UserError(f"{message}; run it again")


def _probabilities(path: Path, rows: list[Row], labels: Sequence[str], exclusive: bool) -> NDArray[np.float64]:
    try:
        table = np.array([[float(row[f"p_{label}"]) for label in labels] for row in rows], dtype=np.float64)
    except ValueError as error:
        raise UserError(f"{path} has a probability that is no number ({error}); run this fold again") from error
    table = table.reshape(len(rows), len(labels))
    said = table[np.arange(len(rows)), [list(labels).index(row["prediction"]) for row in rows]]
    faults = {
        "has a probability that is not in 0..1": ~((table >= 0) & (table <= 1)).all(axis=1),
        "has probabilities that do not sum to 1": exclusive & (np.abs(table.sum(axis=1) - 1) > _TOLERANCE),
        "predicts a class that is not its likeliest": said < table.max(axis=1) - _TOLERANCE,
    }
    for fault, where in faults.items():
        if where.any():
            raise _bad(path, rows[int(where.argmax())], fault)
    return table


def _bad(path: Path, row: Row, fault: str) -> UserError:
    return UserError(f"{path}: {row['utterance']} {fault}; run this fold again")


def _some(ids: Sequence[str]) -> str:
    """Return the first id and how many others there are.

    Example:
        >>> _some(["Ses01F_impro01_F000"]), _some(["a", "b", "c"])
        ('Ses01F_impro01_F000', 'a and 2 more')
    """
    first, *others = sorted(set(ids))
    return f"{first} and {len(others)} more" if others else first
