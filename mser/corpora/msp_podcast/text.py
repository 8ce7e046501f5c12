"""The grammar of MSP-Podcast's label files, of which a release has a table and the same in JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from mser.corpora.text_files import read_or_latin
from mser.errors import UserError
from mser.manifest import Problem

COLUMNS = ("FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set")
LABELS = {
    **{"N": "neutral", "S": "sad", "A": "angry", "H": "happy", "U": "surprise", "F": "fear", "D": "disgust"},
    **{"C": "contempt", "O": "other", "X": "no agreement"},
}
SPLITS = {
    **{"Train": "train", "Development": "val", "Validation": "val"},  # the older releases say Validation
    **{"Test1": "test", "Test2": "test2", "Test3": "test3"},
}
_SCORES = {"EmoVal": "valence", "EmoAct": "arousal", "EmoDom": "dominance"}
_UNKNOWN = ("", "unknown", "none", "nan")


@dataclass(frozen=True, slots=True)
class Row:
    """What a label file says of one segment.

    Attributes:
        id: its file's name without the ending, such as ``MSP-PODCAST_0001_0008``.
        label: one of `LABELS`; None where it is hidden.
        scores: 1 to 7; empty where they are hidden.
        speaker: empty where unknown.
        gender: ``F``, ``M``, or empty where unknown.
        split: one of ours, see `SPLITS`; empty for any other.
    """

    id: str
    label: str | None
    scores: Mapping[str, float]
    speaker: str
    gender: str
    split: str

    @property
    def podcast(self) -> str:
        """The recording that it was cut from."""
        return "_".join(self.id.split("_")[:2])


def read_rows(path: Path) -> tuple[list[Row], list[Problem]]:
    """Return the rows of ``labels_consensus.csv`` or ``.json``, and what in them is not as it should be.

    Raises:
        UserError: if the file cannot be opened or is no such file.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    for cells in _json_rows(path) if path.suffix == ".json" else _csv_rows(path):
        row = _row(cells)
        rows.append(row)
        problems += _unexpected(row, cells)
    return rows, problems


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(read_or_latin(path), newline=""))
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
        raise UserError(f"{path} has no column {missing[0]}; expected {', '.join(COLUMNS)}; unpack the labels again")
    for cells in reader:
        yield {name: (cells[name] or "").strip() for name in COLUMNS}


def _json_rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        rows: dict[str, dict[str, Any]] = json.loads(read_or_latin(path))
        for name, cells in rows.items():
            yield {column: str(cells.get(column, "")).strip() for column in COLUMNS} | {"FileName": name}
    except (ValueError, AttributeError) as error:
        message = f'{path} holds no {{"MSP-PODCAST_0001_0008.wav": {{"EmoClass": ...}}}} ({error})'
        raise UserError(f"{message}; unpack the labels again") from error


def _row(cells: Mapping[str, str]) -> Row:
    gender = cells["Gender"][:1].upper()
    return Row(
        id=cells["FileName"].removesuffix(".wav"),
        label=None if cells["EmoClass"].lower() in _UNKNOWN else cells["EmoClass"],
        scores={name: score for column, name in _SCORES.items() if (score := _number(cells[column])) is not None},
        speaker="" if cells["SpkrID"].lower() in _UNKNOWN else cells["SpkrID"],
        gender=gender if gender in ("F", "M") else "",
        split=SPLITS.get(cells["Split_Set"], ""),
    )


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _unexpected(row: Row, cells: Mapping[str, str]) -> Iterator[Problem]:
    if row.label is not None and row.label not in LABELS:
        message = f"{row.id} is labelled {row.label!r}, which is none of {', '.join(LABELS)}; no label set keeps it"
        yield Problem("label", message, row.id)
    if not row.split:
        message = f"{row.id} is of the split {cells['Split_Set']!r}, expected one of {', '.join(SPLITS)}"
        yield Problem("split", f"{message}; no protocol uses it", row.id)
    if odd := {name: score for name, score in row.scores.items() if not 1 <= score <= 7}:
        name, score = next(iter(odd.items()))
        yield Problem("score", f"{row.id} has {name} {score:g}, expected 1 to 7; unpack the labels again", row.id)
    if row.label is not None and len(row.scores) < len(_SCORES):
        yield Problem("score", f"{row.id} has a label but not all of {', '.join(_SCORES)}; those are left out", row.id)
