"""The rows that an earlier run left in a file of predictions: read whole before a byte of the file is changed."""

from __future__ import annotations

import csv
import json
from array import array
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from mser.errors import UserError
from mser.predict.row_keys import Keys

_LONGEST = 1 << 30  # characters of a cell; csv reads no more than 131,072 unless told
Row = dict[str, Any]


def key(audio: str, start: object, end: object, transcript: str | None) -> int:
    """Return what tells a row from others: 64 bits, since there may be millions."""
    cells = json.dumps([cell(value) for value in (audio, start, end, one_line(transcript))])
    return int.from_bytes(blake2b(cells.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def recording(audio: str) -> int:
    """Return the `key` of a recording as a whole, whatever is asked of it."""
    return key(audio, "", "", None)


def key_of(row: Row) -> int:
    """Return the `key` of a row; a transcript that speech recognition wrote was not asked about."""
    return key(row["audio"], row["start"], row["end"], None if row["transcript_from"] else row["transcript"])


class RowsThere:
    """What is in a file of predictions.

    Args:
        path: the file; it need not be there.
        called: what its user calls it.
        columns: that it must have.
        model: whose answers it must hold.

    Attributes:
        size: bytes of whole rows; what follows them is what a killed process left unfinished.
        done: how often each `key` is in the file.
        failed: the keys of the rows without an answer, and of the recordings that they are of.
        passed: the recordings, by their own `key`, after which rows of others follow: nothing of them is to come.

    Raises:
        UserError: if it is not mser's, or of another model.
        OSError: if it cannot be read.
    """

    def __init__(self, path: Path, called: Path, columns: Sequence[str], model: str) -> None:
        self.path, self.called, self.columns, self.model = path, called, list(columns), model
        self.size = 0
        csv.field_size_limit(_LONGEST)
        passed, failed = array("Q"), array("Q")
        self.done = Keys(self._keys(passed, failed))
        self.passed, self.failed = Keys(passed), Keys(failed)
        if path.exists() and not self.size:
            self._require_begun()

    def __iter__(self) -> Iterator[Row]:
        """Yield the whole rows."""
        if not self.path.exists():
            return
        try:
            rows = csv.DictReader(self._lines()) if self.path.suffix == ".csv" else map(self._object, self._lines())
            for row in rows:
                if list(row) != self.columns:
                    raise UserError(f"{self.called} has other columns than this model's answers; choose another --out")
                if row["model"] != self.model:
                    whose = f"holds answers of model {row['model']}, not of {self.model}"
                    raise UserError(f"{self.called} {whose}; choose another --out")
                yield row
        except (csv.Error, UnicodeDecodeError) as error:
            raise UserError(f"{self.called} holds no answers of mser ({error}); choose another --out") from error

    def without(self, unwanted: Callable[[Row], bool], put: Callable[[Row], object]) -> None:
        """Write the rows anew, but for those that are unwanted."""
        for row in self:
            if not unwanted(row):
                put(row)

    def _keys(self, passed: array[int], failed: array[int]) -> Iterator[int]:
        last = ""
        for row in self:
            if (audio := row["audio"]) != last:
                passed.append(recording(last))
                last = audio
            if row["error"]:
                failed.extend((key_of(row), recording(audio)))
            yield key_of(row)

    def _lines(self) -> Iterator[str]:
        self.size = 0
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    self.size += len(line)
                    yield line.decode()

    def _object(self, line: str) -> Row:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise UserError(f"{self.called} holds a line that is no JSON object; choose another --out")
        return row

    def _require_begun(self) -> None:
        """Refuse half a line that this command cannot have begun: a user's own file of a single line."""
        with self.path.open("rb") as file:
            begun = file.read(1 << 16)
        header = ",".join(self.columns) if self.path.suffix == ".csv" else ""
        few = 0 < len(begun) <= len("audio,start,end")  # may begin anybody's header
        if few or not header.encode().startswith(begun):
            raise UserError(f"{self.called} holds a line that mser did not write; choose another --out, or delete it")


def one_line(text: str | None) -> str | None:
    """Return a text without line breaks."""
    return None if text is None else " ".join(text.split())


def cell(value: object) -> str:
    """Return a value as CSV holds it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
