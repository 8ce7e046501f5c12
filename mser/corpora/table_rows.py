"""The rows of a table as text: CSV, TSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mser.errors import UserError

Row = dict[str, str]
"""Column to cell, without the blanks around it; a cell that is missing or null is empty."""


def read_rows(path: Path) -> list[tuple[int, Row]]:
    """Return the rows with their numbers, as a spreadsheet or an editor shows them: under a header the first is 2.

    Raises:
        UserError: if the file cannot be opened, is in no known format, not UTF-8, or holds no rows.
    """
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{path} is no table: expected a file that ends in {', '.join(FORMATS)}")
    if not path.is_file():
        raise UserError(f"{path} is no file; give a table of recordings")
    try:
        rows = FORMATS[path.suffix.lower()](path)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    if not rows:
        raise UserError(f"{path} holds no rows; expected one per clip")
    return rows


def _separated(path: Path) -> list[tuple[int, Row]]:
    text = _utf8(path)
    head = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma is part of numbers.
    comma = ";" if ";" in head and "," not in head else ","
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter="\t" if path.suffix.lower() == ".tsv" else comma, strict=True
    )
    try:
        header, *lines = list(reader) or [[]]
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}; look for a quote that is not closed") from error
    if repeated := {name for name in header if header.count(name) > 1}:
        raise UserError(f"{path} has several columns {min(repeated)!r}; rename or delete all but one")
    rows = []
    for number, cells in enumerate(lines, 2):
        if len(cells) != len(header) and cells:
            raise UserError(
                f"{path}, row {number}: it has {len(cells)} cells but the header has {len(header)}; put cells that "
                "hold the separator into quotes"
            )
        if any(cells):
            rows.append((number, _row(zip(header, cells, strict=True))))
    return rows


def _json_lines(path: Path) -> list[tuple[int, Row]]:
    rows = []
    for number, line in enumerate(_utf8(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}, row {number}: it is not JSON ({error}); expected one object a line") from error
        if not isinstance(row, dict):
            raise UserError(f"{path}, row {number}: it is no JSON object; expected one such as {{'audio': 'a.wav'}}")
        rows.append((number, _row(row.items())))
    return rows


def _parquet(path: Path) -> list[tuple[int, Row]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(f"{path} needs pyarrow to be read: pip install 'mser[parquet]', or save it as CSV") from error
    try:
        rows = parquet.read_table(path).to_pylist()
    except pyarrow.ArrowException as error:
        raise UserError(f"{path} is no Parquet file ({str(error).splitlines()[0]}); save it again") from error
    return [(number, _row(row.items())) for number, row in enumerate(rows, 1)]


def _utf8(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path}, row {number}: byte 0x{data[error.start]:02x} is not UTF-8; save the table as UTF-8"
        ) from error


def _row(cells: Iterable[tuple[str, Any]]) -> Row:
    # A missing number is NaN in Parquet files of pandas; NaN is not equal to itself.
    return {str(name).strip(): "" if cell is None or cell != cell else str(cell).strip() for name, cell in cells}


FORMATS: dict[str, Callable[[Path], list[tuple[int, Row]]]] = {
    ".csv": _separated,
    ".tsv": _separated,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}
"""Suffix to what reads such a table."""
