"""The rows of a table as text: CSV, TSV, JSON lines, Parquet, or a data folder of Kaldi."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from mser.corpora.table.kaldi import is_kaldi, kaldi_rows
from mser.corpora.text_files import LONGEST
from mser.errors import UserError, brief
from mser.files.json_fields import loads

_BATCH = 4096  # rows of Parquet in memory at a time
Row = dict[str, str]
"""Column to cell, without the blanks around it; a cell that is missing or null is empty."""


def read_rows(path: Path) -> list[tuple[int, Row]]:
    """Return the rows with their numbers, as a spreadsheet or an editor shows them: under a header the first is 2.

    Raises:
        UserError: as `each_row` does.
    """
    return list(each_row(path))


def each_row(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield the rows with their numbers; no more than a few of them are held at a time.

    Raises:
        UserError: if the file cannot be opened, is in no known format, not UTF-8, or holds no rows.
    """
    is_folder = is_kaldi(path)
    if not is_folder and path.suffix.lower() not in FORMATS:
        raise UserError(
            f"{path} is no table: expected a file that ends in {', '.join(FORMATS)}, or a folder with wav.scp"
        )
    if not is_folder and not path.is_file():
        raise UserError(f"{path} is no file; give a table of recordings")
    empty = True
    try:
        for row in (kaldi_rows if is_folder else FORMATS[path.suffix.lower()])(path):
            empty = False
            yield row
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    if empty:
        raise UserError(f"{path} holds no rows; expected one per clip")


def _separated(path: Path) -> Iterator[tuple[int, Row]]:
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
                    yield number, _row(zip(header, cells, strict=True))
        except csv.Error as error:
            raise UserError(f"{path}, line {reader.line_num}: {error}; look for a quote that is not closed") from error


def _json_lines(path: Path) -> Iterator[tuple[int, Row]]:
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
            yield number, _row(row.items())


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(
            f"{path} needs pyarrow to be read: pip install 'multimodal-ser[parquet]', or save it as CSV"
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            _require_distinct(path, file.schema_arrow.names)
            rows = (row for batch in file.iter_batches(_BATCH) for row in batch.to_pylist())
            for number, row in enumerate(rows, 1):
                yield number, _row(row.items())
    except (pyarrow.ArrowException, ValueError) as error:
        raise UserError(f"{path} is no Parquet file ({brief(error)}); save it again") from error


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


FORMATS: dict[str, Callable[[Path], Iterator[tuple[int, Row]]]] = {
    ".csv": _separated,
    ".tsv": _separated,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}
"""Suffix to what reads such a table."""
