"""Predictions as rows of a file that grows: what is in it already is not asked again. Imports no torch."""

from __future__ import annotations

import csv
import io
import json
from array import array
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mser.errors import UserError
from mser.predict import parquet
from mser.predict.row_keys import Keys
from mser.use.settings import Settings

if TYPE_CHECKING:
    from mser.use.prediction import Prediction

FORMATS = (".csv", ".jsonl", ".parquet")
_TAIL = 1 << 20  # bytes that are searched for a row's end at a time
_LONGEST = 1 << 30  # characters of a cell; csv reads no more than 131,072 unless told


def key(audio: str, start: object, end: object, transcript: str | None) -> int:
    """Return what tells a row from others: 64 bits, since there may be millions."""
    told = json.dumps([_cell(value) for value in (audio, start, end, _one_line(transcript))])
    return int.from_bytes(blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Rows:
    """A CSV, JSON-lines or Parquet file of predictions, one row each, complete after every row.

    Args:
        path: ends in one of `FORMATS`; rows that it has are kept.
        settings: of the model that answers; rows of another model are not mixed with its own.
        how: anything else that changes the answers, such as the way recordings are cut; not mixed either.

    Attributes:
        done: how often each `key` is in the file.
        passed: the recordings, by their own `key`, after which rows of others follow: nothing of them is to come.

    Raises:
        UserError: if the file is of another kind or model, or cannot be written.
    """

    def __init__(self, path: Path, settings: Settings, how: str = "") -> None:
        if path.suffix not in FORMATS:
            raise UserError(f"--out {path} ends in none of {', '.join(FORMATS)}; choose one of them")
        self.whole = path if path.suffix == ".parquet" else None
        self.path = parquet.journal_of(path) if self.whole else path
        self.model = " ".join(filter(None, (settings.id, how)))
        labels = settings.task["labels"]
        answers = labels if settings.task["kind"] == "scores" else ["label", *(f"p_{label}" for label in labels)]
        rest = ("abstain", "used", "transcript_from", "seconds", "note", "error", "model")
        self.columns = ["audio", "start", "end", "transcript", *answers, *rest]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            finished = bool(self.whole and parquet.reopen(self.whole))
            _drop_half_a_row(self.path)
            self.done, self.passed = self._counted(path, forget=finished)
            self.file = self.path.open("a", encoding="utf-8", newline="")
            if not self.path.stat().st_size and self.path.suffix == ".csv":
                self._put(self.columns)
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot write to {path}: {error}; choose another --out") from error

    def _counted(self, path: Path, *, forget: bool) -> tuple[Keys, Keys]:
        """Return what is done and passed; a journal that was only made to look is removed if it is refused."""
        passed = array("Q")
        try:
            return Keys(self._read(path, passed)), Keys(passed)
        except UserError:
            if forget:
                self.path.unlink()
            raise

    def write(self, said: Prediction) -> None:
        """Add one row."""
        row = self._row(said)
        try:
            if self.path.suffix == ".csv":
                self._put([_cell(row[name]) for name in self.columns])
            else:
                self.file.write(json.dumps(row, ensure_ascii=False) + "\n")
                self.file.flush()
        except OSError as error:
            raise UserError(f"cannot write to {self.path}: {error.strerror}; run again to carry on") from error

    def close(self) -> None:
        """Close the file, once all is in it."""
        self.file.close()
        if self.whole:
            try:
                parquet.finish(self.whole, self.columns)
            except OSError as error:
                raise UserError(f"cannot write {self.whole}: {error}; make room and run again") from error

    def _put(self, cells: list[str]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerow(cells)
        self.file.write(text.getvalue())
        self.file.flush()

    def _row(self, said: Prediction) -> dict[str, Any]:
        answers: dict[str, Any] = said.scores or {
            "label": said.label,
            **{f"p_{k}": p for k, p in said.probabilities.items()},
        }
        row: dict[str, Any] = dict.fromkeys(self.columns)
        return row | {
            **{name: round(value, 6) if isinstance(value, float) else value for name, value in answers.items()
               if name in row},
            "audio": said.audio, "start": said.start, "end": said.end, "transcript": _one_line(said.transcript),
            "abstain": said.abstain, "used": "+".join(said.used), "transcript_from": said.transcript_from,
            "seconds": said.seconds and round(said.seconds, 3), "note": said.note, "error": said.error,
            "model": self.model,
        }  # fmt: skip

    def _read(self, path: Path, passed: array[int]) -> Iterator[int]:
        if not self.path.exists() or not self.path.stat().st_size:
            return
        last = ""
        csv.field_size_limit(_LONGEST)
        with self.path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file) if self.path.suffix == ".csv" else _objects(file, path)
            for row in rows:
                if list(row) != self.columns:
                    raise UserError(f"{path} has other columns than this model's answers; choose another --out")
                if row["model"] != self.model:
                    raise UserError(
                        f"{path} holds answers of model {row['model']}, not of {self.model}; choose another --out"
                    )
                if (audio := row["audio"]) != last:
                    passed.append(key(last, "", "", None))
                    last = audio
                written = None if row["transcript_from"] else row["transcript"]
                yield key(audio, row["start"], row["end"], written)


def _objects(file: Iterable[str], path: Path) -> Iterator[dict[str, Any]]:
    for line in file:
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise UserError(f"{path} holds a line that is no JSON object; choose another --out")
        yield row


def _drop_half_a_row(path: Path) -> None:
    """Cut off what a killed process left unfinished."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        end = file.seek(0, io.SEEK_END)
        while end:
            start = file.seek(max(end - _TAIL, 0))
            if newline := file.read(end - start).rfind(b"\n") + 1:
                end = start + newline
                break
            end = start
        file.truncate(end)


def _one_line(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
