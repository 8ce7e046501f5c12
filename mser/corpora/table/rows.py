"""The rows of a table as text: CSV, TSV, JSON lines, Parquet or Arrow, or a data folder of Kaldi."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from mser.corpora.table.arrow import arrow_columns, arrow_rows
from mser.corpora.table.kaldi import is_kaldi, kaldi_rows
from mser.corpora.table.shards import SUFFIXES
from mser.corpora.text_files import LONGEST
from mser.errors import UserError, brief
from mser.files.json_fields import loads

Row = dict[str, str]
"""Column to cell, without the blanks around it; a cell that is missing or null is empty."""


def home(path: Path) -> Path:
    """Return the folder that the paths in a table are relative to: a data set of several files is one itself."""
    return path if path.is_dir() and not is_kaldi(path) else path.parent


def columns_of(path: Path) -> list[str]:
    """Return the names of a table's columns, but for those that `each_row` adds.

    Raises:
        UserError: as `each_row` does.
    """
    _require_table(path)
    if _is_arrow(path):
        return [name.strip() for name in arrow_columns(path)]
    return list(dict.fromkeys(name for _, row in each_row(path) for name in row))


def listed(path: Path, header: Sequence[str]) -> str:
    """Return the columns of a table in words, and which are not among them."""
    return ", ".join(header) + (" (columns of lists or bytes are not read)" if _is_arrow(path) else "")


def read_rows(path: Path, audio: str = "audio") -> list[tuple[int | str, Row]]:
    """Return the rows with their places, as a spreadsheet or an editor shows them: under a header the first is 2.

    Raises:
        UserError: as `each_row` does.
    """
    return list(each_row(path, audio))


def each_row(path: Path, audio: str = "audio") -> Iterator[tuple[int | str, Row]]:
    """Yield the rows with their places; no more than a few of them are held at a time.

    Args:
        path: a file, or the folder of a Hugging Face data set.
        audio: the column of the recordings: those that lie in the table itself become files (`mser.audio.embedded`).

    Raises:
        UserError: if the file cannot be opened, is in no known format, not UTF-8, or holds no rows.
    """
    _require_table(path)
    empty = True
    try:
        for place, cells in _rows(path, audio):
            empty = False
            yield place, _row(cells.items())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or brief(error)}") from error
    if empty:
        raise UserError(f"{path} holds no rows; expected one per clip")


def _rows(path: Path, audio: str) -> Iterable[tuple[int | str, dict[str, Any]]]:
    if is_kaldi(path):
        return kaldi_rows(path)
    return arrow_rows(path, audio) if _is_arrow(path) else _READERS[path.suffix.lower()](path)


def _is_arrow(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES or (path.is_dir() and not is_kaldi(path))


def _require_table(path: Path) -> None:
    if path.is_dir():
        return
    if path.suffix.lower() not in FORMATS:
        raise UserError(
            f"{path} is no table: expected a file that ends in {', '.join(FORMATS)}, or a folder with wav.scp"
        )
    if not path.is_file():
        raise UserError(f"{path} is no file; give a table of recordings")


def _separated(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with _utf8(path) as file:
        head = file.readline()
        file.seek(0)
        # Spreadsheets write semicolons where the comma is part of numbers.
        comma = ";" if ";" in head and "," not in head else ","
        csv.field_size_limit(LONGEST)
        reader = csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else comma, strict=True)
        try:
            header = next(reader, [])
            _require_distinct(path, header)
            for number, cells in enumerate(reader, 2):
                if len(cells) != len(header) and cells:
                    raise UserError(
                        f"{path}, row {number}: it has {len(cells)} cells but the header has {len(header)}; put cells "
                        "that hold the separator into quotes"
                    )
                if any(cells):
                    yield number, dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise UserError(f"{path}, line {reader.line_num}: {error}; look for a quote that is not closed") from error


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with _utf8(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = loads(line)
            except ValueError as error:
                said = f"it is not JSON ({str(error)[:200]}); expected one object a line"
                raise UserError(f"{path}, row {number}: {said}") from error
            if not isinstance(row, dict):
                raise UserError(
                    f"{path}, row {number}: it is no JSON object; expected one such as {{'audio': 'a.wav'}}"
                )
            yield number, row


def _require_distinct(path: Path, header: Sequence[str]) -> None:
    header = [name.strip() for name in header]
    if repeated := {name for name in header if header.count(name) > 1}:
        raise UserError(f"{path} has several columns {min(repeated)!r}; rename or delete all but one")


@contextmanager
def _utf8(path: Path) -> Iterator[TextIO]:
    """Give the open file, whose lines end as they do in it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError:
        # The decoder knows the place in its own block alone.
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    raise UserError(
                        f"{path}, row {number}: byte 0x{line[error.start]:02x} is not UTF-8; save the table as UTF-8"
                    ) from error


def _row(cells: Iterable[tuple[str, Any]]) -> Row:
    # A missing number is NaN in Parquet files of pandas; NaN is not equal to itself.
    return {str(name).strip(): "" if cell is None or cell != cell else str(cell).strip() for name, cell in cells}


_READERS: dict[str, Callable[[Path], Iterator[tuple[int, dict[str, Any]]]]] = {
    ".csv": _separated,
    ".tsv": _separated,
    ".jsonl": _json_lines,
}
FORMATS = (*_READERS, *SUFFIXES)
"""What the names of tables end in."""
