"""The grammar of MSP-Podcast's label files, of which a release has a table and the same in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mser.corpora.text_files import number, read_csv, read_or_windows, short
from mser.errors import UserError
from mser.files.json_fields import loads
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
_AGAIN = "unpack the labels again"
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


_ID = re.compile(r"[\w.-]{1,80}", re.ASCII)


def read_rows(path: Path) -> tuple[list[Row], list[Problem]]:
    """Return the rows of ``labels_consensus.csv`` or ``.json``, and what in them is not as it should be.

    Raises:
        UserError: if the file cannot be opened or is no such file.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    for cells in _json_rows(path) if path.suffix == ".json" else _csv_rows(path):
        row = _row(cells)
        if not _ID.fullmatch(row.id):
            problems.append(Problem("unreadable", f"{path.name} has a row of {short(row.id)}, which is no segment"))
            continue
        rows.append(row)
        problems += _unexpected(row, cells)
    return rows, problems


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    for _, cells in read_csv(path, read_or_windows(path), COLUMNS, _AGAIN):
        yield {name: (cells[name] or "").strip() for name in COLUMNS}


def _json_rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        rows: dict[str, dict[str, Any]] = loads(read_or_windows(path))
        for name, cells in rows.items():
            yield {column: str(cells.get(column, "")).strip() for column in COLUMNS} | {"FileName": name}
    except (ValueError, AttributeError) as error:
        message = f'{path} holds no {{"MSP-PODCAST_0001_0008.wav": {{"EmoClass": ...}}}} ({str(error)[:200]})'
        raise UserError(f"{message}; {_AGAIN}") from error


def _row(cells: Mapping[str, str]) -> Row:
    gender = cells["Gender"][:1].upper()
    return Row(
        id=cells["FileName"].removesuffix(".wav"),
        label=None if cells["EmoClass"].lower() in _UNKNOWN else cells["EmoClass"],
        scores={name: score for column, name in _SCORES.items() if (score := _score(cells[column])) is not None},
        speaker="" if cells["SpkrID"].lower() in _UNKNOWN else cells["SpkrID"],
        gender=gender if gender in ("F", "M") else "",
        split=SPLITS.get(cells["Split_Set"], ""),
    )


def _score(cell: str) -> float | None:
    """Return a rating; None for what is none, or lies beyond the scale."""
    score = number(cell)
    return score if score is not None and 1 <= score <= 7 else None


def _unexpected(row: Row, cells: Mapping[str, str]) -> Iterator[Problem]:
    if row.label is not None and row.label not in LABELS:
        message = (
            f"{row.id} is labelled {short(row.label)}, which is none of {', '.join(LABELS)}; no label set keeps it"
        )
        yield Problem("label", message, row.id)
    if not row.split:
        message = f"{row.id} is of the split {short(cells['Split_Set'])}, expected one of {', '.join(SPLITS)}"
        yield Problem("split", f"{message}; no protocol uses it", row.id)
    odd = [
        f"{short(cells[column])} as {name}"
        for column, name in _SCORES.items()
        if name not in row.scores and cells[column].lower() not in _UNKNOWN
    ]
    if odd:
        message = f"{row.id} has {', '.join(odd)}, expected 1 to 7; it is left out, {_AGAIN}"
        yield Problem("score", message, row.id)
    elif row.label is not None and len(row.scores) < len(_SCORES):
        yield Problem("score", f"{row.id} has a label but not all of {', '.join(_SCORES)}; those are left out", row.id)
