"""Reads a fold's predictions and refuses whatever would make a score of them untrue."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mser.errors import UserError
from mser.runs.csv_cells import Question, Row, arrays, bad

Part = Literal["val", "test"]
_FIRST = ("utterance", "speaker", "group", "fold", "seed", "split")
_LONGEST = 1 << 20  # letters of a cell
_DOES = {"test": "test", "val": "validate on"}


@dataclass(frozen=True, slots=True)
class Predictions:
    """What one model said of one part of a fold, in the order of the utterances' ids.

    Attributes:
        utterances: N ids, each once in a fold.
        speakers: who speaks.
        groups: in which dialogue or video.
        target: the truth; see `mser.runs.csv_cells.arrays` for the shapes.
        prediction: what was said, in the same shape.
        probabilities: (N, C), columns in the order of the label set; NaN-free and in 0..1. (N, 0) for scores.
    """

    utterances: tuple[str, ...]
    speakers: tuple[str, ...]
    groups: tuple[str, ...]
    target: NDArray[Any]
    prediction: NDArray[Any]
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.utterances)

    def only(self, wanted: Collection[str]) -> Predictions:
        """Return the rows of some utterances."""
        return self.rows([row for row, utterance in enumerate(self.utterances) if utterance in wanted])

    def rows(self, rows: Sequence[int]) -> Predictions:
        """Return some rows by their numbers."""
        return Predictions(
            utterances=tuple(self.utterances[row] for row in rows),
            speakers=tuple(self.speakers[row] for row in rows),
            groups=tuple(self.groups[row] for row in rows),
            target=self.target[list(rows)],
            prediction=self.prediction[list(rows)],
            probabilities=self.probabilities[list(rows)],
        )

    def divided(self, kinds: Sequence[str]) -> dict[str, Predictions]:
        """Return the rows of each kind, where `kinds` names that of every row."""
        rows = defaultdict[str, list[int]](list)
        for row, kind in enumerate(kinds):
            rows[kind].append(row)
        return {kind: self.rows(several) for kind, several in rows.items()}

    @classmethod
    def pool(cls, parts: Sequence[Predictions]) -> Predictions:
        """Return the rows of several parts as one."""
        return cls(
            utterances=tuple(name for part in parts for name in part.utterances),
            speakers=tuple(name for part in parts for name in part.speakers),
            groups=tuple(name for part in parts for name in part.groups),
            target=np.concatenate([part.target for part in parts]),
            prediction=np.concatenate([part.prediction for part in parts]),
            probabilities=np.concatenate([part.probabilities for part in parts]),
        )


def read_predictions(
    path: Path, question: Question, *, seed: int, fold: int, parts: Mapping[Part, Collection[str]]
) -> dict[Part, Predictions]:
    """Return the rows of some parts from a ``predictions.csv``; no model, audio or torch is needed.

    Args:
        path: the file.
        question: what was asked of each utterance.
        seed: the seed that the rows must carry.
        fold: the fold that the rows must carry.
        parts: what the protocol has in these parts of the fold: all of it must be there, once, and nothing else. Only
            the first part must have rows at all; another without any is left out.

    Raises:
        UserError: if the file is missing, cut short or of another run, fold, seed or label set; if an utterance is
            missing, repeated or unknown; if a number is none or contradicts the prediction.
    """
    whole = _read(path, question, seed, fold)
    predictions: dict[Part, Predictions] = {}
    for part, ids in parts.items():
        rows = [row for row in whole if row["split"] == part]
        if rows or not predictions:
            predictions[part] = _part(path, rows, question, part, ids)
    return predictions


def _part(path: Path, rows: list[Row], question: Question, part: Part, ids: Collection[str]) -> Predictions:
    _require_ids(path, [row["utterance"] for row in rows], ids, part)
    rows.sort(key=lambda row: row["utterance"])
    utterances, speakers, groups = (tuple(row[name] for row in rows) for name in ("utterance", "speaker", "group"))
    return Predictions(utterances, speakers, groups, *arrays(path, rows, question))


def _read(path: Path, question: Question, seed: int, fold: int) -> list[Row]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            csv.field_size_limit(_LONGEST)
            reader = csv.DictReader(file, strict=True)
            _require_columns(path, list(reader.fieldnames or ()), question)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path}: {error}; run this fold again") from error
    for row in rows:
        if None in row or None in row.values():
            raise bad(path, row, "has another number of cells than the header; the file is cut short")
        if (row["seed"], row["fold"]) != (str(seed), str(fold)):
            raise bad(path, row, f"is of seed {row['seed']} and fold {row['fold']}, expected {seed} and {fold}")
        if row["split"] not in ("val", "test"):
            raise bad(path, row, f"is of split {row['split']!r}, expected val or test")
    return rows


def _require_columns(path: Path, columns: list[str], question: Question) -> None:
    expected = [*_FIRST, *question.columns()]
    if missing := [name for name in expected if name not in columns]:
        raise UserError(f"{path} has no column {missing[0]!r}; expected {', '.join(expected)}; run this fold again")
    labels = [name.removeprefix("p_") for name in columns if name.startswith("p_")]
    if sorted(labels) != sorted(question.probable()):
        have, want = ", ".join(labels) or "none", ", ".join(question.probable()) or "of scores alone"
        raise UserError(f"{path} has probabilities for {have}, but the run's label set is {want}; run this fold again")


def _require_ids(path: Path, ids: Sequence[str], expected: Collection[str], part: Part) -> None:
    ordered, does = sorted(ids), _DOES[part]
    if repeated := [a for a, b in pairwise(ordered) if a == b]:
        raise UserError(f"{path} has {_some(repeated)} more than once among its {part} rows; run this fold again")
    if unknown := sorted(set(ids) - set(expected)):
        raise UserError(f"{path} has {_some(unknown)}, which the protocol does not {does} in this fold; run it again")
    if missing := sorted(set(expected) - set(ids)):
        message = f"{path} lacks {_some(missing)} of the {len(expected)} utterances to {does} in this fold"
        raise UserError(f"{message}; run it again")


def _some(ids: Sequence[str]) -> str:
    """Return the first id and how many others there are.

    Example:
        >>> _some(["Ses01F_impro01_F000"]), _some(["a", "b", "c"])
        ('Ses01F_impro01_F000', 'a and 2 more')
    """
    first, *others = sorted(set(ids))
    return f"{first} and {len(others)} more" if others else first
