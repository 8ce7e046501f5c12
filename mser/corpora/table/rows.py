"""The rows of a table as text: of CSV, TSV, JSON lines, Parquet or Arrow, Kaldi, lhotse or audformat."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from mser.corpora.table.arrow import arrow_columns, arrow_rows
from mser.corpora.table.audformat import audformat_columns, audformat_rows, is_audformat
from mser.corpora.table.kaldi import is_kaldi, kaldi_rows
from mser.corpora.table.lhotse import is_lhotse, lhotse_rows
from mser.corpora.table.shards import SUFFIXES
from mser.corpora.text_files import LONGEST
from mser.errors import UserError, brief
from mser.files.json_fields import loads

Row = dict[str, str]
"""Column to cell, without the blanks around it; a cell that is missing or null is empty."""
Columns = Mapping[str, str | Sequence[str] | None]
"""Role to the name of its column; None where there is none; ``score`` may be several columns."""


def home(path: Path) -> Path:
    """Return the folder that the paths in a table are relative to: a data set of several files is one itself."""
    return path if path.is_dir() and not is_kaldi(path) else path.parent


def columns_of(path: Path, options: Columns) -> list[str]:
    """Return the names of a table's columns, but for those that `each_row` adds.

    Raises:
        UserError: as `each_row` does.
    """
    _require_table(path)
    if is_audformat(path):
        return audformat_columns(path, options)
    if _is_arrow(path):
        return [name.strip() for name in arrow_columns(path)]
    rows = each_row(path, options)
    if path.suffix.lower() in (".csv", ".tsv"):  # each row has all of them
        rows = islice(rows, 1)
    return list(dict.fromkeys(name for _, row in rows for name in row))


def listed(path: Path, header: Sequence[str]) -> str:
    """Return the columns of a table in words, and which are not among them."""
    return ", ".join(header) + (" (columns of lists or bytes are not read)" if _is_arrow(path) else "")


def each_row(path: Path, options: Columns) -> Iterator[tuple[int | str, Row]]:
    """Yield the rows with their places, as a spreadsheet or an editor shows them: under a header the first is 2.

    But for those of audformat, no more than a few of them are held at a time.

    Args:
        path: a file, or the folder of a data set.
        options: columns that are called otherwise than their role. Recordings that lie in the table itself, in the
            column ``audio``, become files (`mser.audio.embedded`). A database is asked for these columns alone.

    Raises:
        UserError: if the file cannot be opened, is in no known format, not UTF-8, or holds no rows.
    """
    _require_table(path)
    empty = True
    try:
        for place, cells in _rows(path, options):
            empty = False
            yield place, _row(cells.items())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or brief(error)}") from error
    if empty:
        raise UserError(f"{path} holds no rows; expected one per clip")


def _rows(path: Path, options: Columns) -> Iterable[tuple[int | str, dict[str, Any]]]:
    if is_kaldi(path):
        return kaldi_rows(path)
    if is_audformat(path):
        return audformat_rows(path, options)
    if is_lhotse(path):
        return lhotse_rows(path)
    if _is_arrow(path):
        audio = options.get("audio") or "audio"
        return arrow_rows(path, audio if isinstance(audio, str) else audio[0])
    return _READERS[path.suffix.lower()](path)


def _is_arrow(path: Path) -> bool:
    other = is_kaldi(path) or is_audformat(path) or is_lhotse(path)
    return path.suffix.lower() in SUFFIXES or (path.is_dir() and not other)


def _require_table(path: Path) -> None:
    if path.is_dir():
        return
    if not (path.suffix.lower() in FORMATS or is_audformat(path) or path.name.endswith(".jsonl.gz")):
        from mser.corpora.annotations.reading import FORMATS as ANNOTATIONS

        if path.suffix.lower() in ANNOTATIONS:
            raise UserError(
                f"{path} is no table but looks like annotations of recordings: `mser data turns {path.name} --out "
                f"turns.csv` makes a table of them, and `mser predict MODEL --turns {path.name}` answers turn by turn"
            )
        raise UserError(
            f"{path} is no table: expected a file that ends in {', '.join(FORMATS)}, a manifest of lhotse, the db.yaml "
            "of an audformat database, or a folder with wav.scp"
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
                message = f"it is not JSON ({str(error)[:200]}); expected one object a line"
                raise UserError(f"{path}, row {number}: {message}") from error
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
