"""Predictions as rows of a file that grows: what is in it already is not asked again. Imports no torch."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mser.errors import UserError
from mser.files.locks import held
from mser.predict import parquet
from mser.predict.row_keys import Keys
from mser.predict.rows_there import Row, RowsThere, cell, key_of, one_line, recording
from mser.use.settings import Settings

if TYPE_CHECKING:
    from mser.use.prediction import Prediction

_WHERE_KNOWN = ("speaker", "unlike_training")
"""Columns that not every file has."""
FORMATS = (".csv", ".jsonl", ".parquet")


class Rows:
    """A CSV, JSON-lines or Parquet file of predictions, one row each, complete after every row: to be used by ``with``.

    Args:
        path: ends in one of `FORMATS`; rows that it has are kept.
        settings: of the model that answers; rows of another model are not mixed with its own.
        how: anything else that changes the answers, such as the way recordings are cut; not mixed either.
        speakers: whether rows say who speaks.
        kept: columns of a table that rows have too, behind their own.

    Attributes:
        there: what earlier runs left.

    Raises:
        UserError: if the file is of another kind or model, another process writes it, or it cannot be written.
    """

    def __init__(
        self, path: Path, settings: Settings, how: str = "", *, speakers: bool = False, kept: Sequence[str] = ()
    ) -> None:
        if path.suffix not in FORMATS:
            raise UserError(f"--out {path} ends in none of {', '.join(FORMATS)}; choose one of them")
        self.called, self.whole = path, path if path.suffix == ".parquet" else None
        self.path = parquet.journal_of(path) if self.whole else path
        self.model = " ".join(filter(None, (settings.id, how)))
        labels = settings.task["labels"]
        answers = labels if settings.kind.is_numbers else ["label", *(f"p_{label}" for label in labels)]
        likeness = (
            ["unlike_training"] if settings.recordings or settings.transcripts else []
        )  # folders from before do not tell
        rest = ("abstain", "used", "transcript_from", "seconds", *likeness, "note", "error", "model")
        self.columns = ["audio", "start", "end", *(["speaker"] if speakers else []), "transcript", *answers, *rest]
        self.kept = distinct(kept, self.columns)
        self.columns += self.kept.values()
        with ExitStack() as stack:
            lock = path.with_name(f".{path.name}.lock")
            advice = "wait for it, or choose another --out"
            stack.enter_context(held(lock, f"{path} is being written already", advice, remove=True))
            try:
                self._open()
            except OSError as error:
                raise UserError(f"cannot write to {path}: {error}; choose another --out") from error
            self._held = stack.pop_all()

    def _open(self) -> None:
        finished = bool(self.whole and parquet.reopen(self.whole))
        try:
            self.there = RowsThere(self.path, self.called, self.columns, self.model)
        except UserError:
            if finished:  # a journal that was only made to look
                self.path.unlink()
            raise
        self.file = self.path.open("a", encoding="utf-8", newline="")
        self.file.truncate(self.there.size)
        if not self.there.size and self.path.suffix == ".csv":
            self.file.write(_line(self.columns))
            self.file.flush()

    def try_again(self, keys: Keys, *, cutting: bool) -> int:
        """Take out what has no answer and is asked again, and return how many rows that are.

        Args:
            keys: the keys of what is asked, of recordings too.
            cutting: recordings are cut: of one with a segment that failed, all is done again, since whether a recording
                has all of its rows is told by the rows of others behind them.
        """
        before, failed = self.there.done.total(), self.there.failed

        def unwanted(row: Row) -> bool:
            whole = recording(row["audio"])
            if cutting and row["audio"]:
                return bool(failed.times(whole) and keys.times(whole))
            return bool(row["error"] and keys.times(key_of(row)))

        part = self.path.with_name(f".{self.path.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                if self.path.suffix == ".csv":
                    file.write(_line(self.columns))
                self.there.without(unwanted, lambda row: file.write(self._text(row)))
            self.file.close()
            part.replace(self.path)
            self._open()
        except OSError as error:
            raise UserError(f"cannot write to {self.called}: {error}; make room and run again") from error
        return before - self.there.done.total()

    def write(self, prediction: Prediction, kept: Mapping[str, str] | None = None) -> None:
        """Add one row, with what is kept of a table by its columns there."""
        try:
            own = {self.kept[name]: one_line(cell) for name, cell in (kept or {}).items()}
            self.file.write(self._text(self._row(prediction) | own))
            self.file.flush()
        except OSError as error:
            raise UserError(f"cannot write to {self.path}: {error.strerror}; run again to carry on") from error

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the file, and finish it where nothing went wrong; then others may write it."""
        with self._held:
            self.file.close()
            if self.whole and kind is None:
                try:
                    parquet.finish(self.whole, self.columns, texts=self.kept.values())
                except OSError as error:
                    raise UserError(f"cannot write {self.whole}: {error}; make room and run again") from error

    def _text(self, row: Mapping[str, Any]) -> str:
        if self.path.suffix == ".csv":
            return _line([cell(row[name]) for name in self.columns])
        return json.dumps(row, ensure_ascii=False) + "\n"

    def _row(self, prediction: Prediction) -> dict[str, Any]:
        answers: dict[str, Any] = prediction.scores or {
            "label": prediction.label,
            **{f"p_{k}": p for k, p in prediction.probabilities.items()},
        }
        row: dict[str, Any] = dict.fromkeys(self.columns)
        told: dict[str, Any] = {name: getattr(prediction, name) for name in _WHERE_KNOWN if name in row}
        return row | {
            **{name: round(value, 6) if isinstance(value, float) else value for name, value in answers.items()
               if name in row},
            **told,
            "audio": prediction.audio, "start": prediction.start, "end": prediction.end,
            "transcript": one_line(prediction.transcript), "abstain": prediction.abstain,
            "used": "+".join(prediction.used), "transcript_from": prediction.transcript_from,
            "seconds": prediction.seconds and round(prediction.seconds, 3),
            "note": prediction.note, "error": prediction.error, "model": self.model,
        }  # fmt: skip


def distinct(kept: Sequence[str], own: Sequence[str]) -> dict[str, str]:
    """Return what columns of a table are called beside those of the answers.

    Example:
        >>> distinct(["label", "table_label", "take"], ["audio", "label"])
        {'label': 'table_label', 'table_label': 'table_table_label', 'take': 'take'}
    """
    called: dict[str, str] = {}
    for name in kept:
        new = name
        while new in (*own, *called.values()):
            new = f"table_{new}"
        called[name] = new
    return called


def _line(cells: list[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
