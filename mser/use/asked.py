"""Which clips the command line asks about: files with their texts, folders of files, or the rows of a table."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mser.corpora.table_rows import Row, read_rows
from mser.errors import UserError, one_of

ROLES = ("audio", "transcript", "start", "end")
SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".au")
"""What is taken out of a folder; a file that is named is tried whatever it is called."""


@dataclass(frozen=True)
class Asked:
    """One clip as a user named it; `path` is where it lies."""

    audio: str
    path: str | None
    transcript: str | None
    start: float = 0.0
    end: float | None = None


def from_files(files: Sequence[str], texts: Sequence[str]) -> list[Asked]:
    """Return one clip per file, with the texts in the same order; those of a folder in the order of their names.

    Raises:
        UserError: if there are texts but not one for each file.
    """
    found = [one for file in files for one in _inside(file)]
    if not found:
        return [Asked("", None, text) for text in texts]
    if texts and len(texts) != len(found):
        raise UserError(f"{len(found)} files but {len(texts)} --text were given; give one for each, or use --table")
    return [Asked(file, file, texts[place] if texts else None) for place, file in enumerate(found)]


def from_table(path: Path, columns: Mapping[str, str]) -> list[Asked]:
    """Return one clip per row; paths are relative to the table.

    Args:
        path: CSV, TSV, JSON lines or Parquet.
        columns: role, one of `ROLES`, to its column's name where that is another.

    Raises:
        UserError: if it is no table, lacks a column, or has a time that is no number.
    """
    for role in columns:
        if role not in ROLES:
            raise one_of("role of a column", role, list(ROLES))
    rows = read_rows(path)
    header = list(dict.fromkeys(name for _, row in rows for name in row))
    named = {role: columns.get(role, role) for role in ROLES if role in columns or role in header}
    if absent := [name for name in named.values() if name not in header]:
        raise UserError(f"{path} has no column {absent[0]!r}: it has {', '.join(header)}")
    if not {"audio", "transcript"} & set(named):
        raise UserError(f"{path} has the columns {', '.join(header)}; say which is the audio, as in audio=file")
    return [_clip(path, number, {role: row.get(name, "") for role, name in named.items()}) for number, row in rows]


def column(text: str) -> tuple[str, str]:
    """Return role and name of an option ``--columns audio=file``; for argparse."""
    role, equals, name = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form ROLE=NAME, such as audio=file")
    return role, name


def _inside(file: str) -> list[str]:
    if not Path(file).is_dir():
        return [file]
    found = sorted(str(path) for path in Path(file).rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise UserError(f"{file} is a folder without any audio ({', '.join(SUFFIXES)}); give another")
    return found


def _clip(table: Path, number: int, row: Row) -> Asked:
    audio = row.get("audio")
    path = None if audio is None else audio if "://" in audio or not audio else str(table.parent / audio)
    try:
        start, end = float(row.get("start") or 0), float(row["end"]) if row.get("end") else None
        if not 0 <= start < (float("inf") if end is None else end):
            raise ValueError(f"it is from {start:g} to {end} s")
    except ValueError as error:
        raise UserError(f"{table}, row {number}: {error}; start and end are seconds, start before end") from error
    return Asked(audio or "", path, row.get("transcript"), start, end)
