"""The checked list of a corpus's utterances, on disk as JSON lines. Knows no torch and opens no audio."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mser.errors import UserError
from mser.files import write_text

Seconds = float


@dataclass(frozen=True, slots=True)
class Rating:
    """What one rater said of one utterance.

    Attributes:
        rater: the corpus's name for the rater.
        labels: categories that the rater chose, in the corpus's own words; may be several, or none.
        scores: dimensions that the rater gave, such as ``valence``.
        is_self: the speaker rated himself or herself; never counted among the observers.
    """

    rater: str
    labels: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    is_self: bool = False


@dataclass(frozen=True, slots=True)
class Utterance:
    """One turn of one speaker, with everything the corpus publishes about it.

    Attributes:
        id: the corpus's own identifier, unique in the corpus.
        audio: path of the audio file, relative to the manifest's root.
        duration: seconds of audio that belong to the utterance.
        transcript: what was said; empty where the corpus has none.
        speaker: who speaks; unique in the corpus; empty where nobody knows.
        group: the recording situation that must not be torn apart: dialogue, video or play.
        start: where in the file it begins; the whole file when `end` is None.
        end: where in the file it ends.
        session: the recording session, where the corpus has sessions.
        style: ``improvised``, ``scripted`` or empty.
        gender: ``F``, ``M`` or empty.
        split: the corpus's own split (``train``, ``val``, ``test``, and ``test2`` where there are several) or empty.
        label: the published categorical label, unmerged (IEMOCAP's ``xxx``, no majority, is one), or None.
        labels: further published labels by what they tell, such as MELD's ``sentiment`` beside its emotion.
        scores: published numbers: ``valence``, ``sentiment``, or the intensity of an emotion.
        ratings: what the individual raters said.
    """

    id: str
    audio: str
    duration: Seconds
    transcript: str
    speaker: str
    group: str
    start: Seconds = 0.0
    end: Seconds | None = None
    session: str = ""
    style: str = ""
    gender: str = ""
    split: str = ""
    label: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    ratings: tuple[Rating, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a corpus that is not as published.

    Attributes:
        kind: one word: ``missing``, ``empty``, ``truncated``, ``unreadable``, ``duplicate``, ``count``, ...
        message: what was found, what was expected and what to do.
        utterance: whose problem it is; None when it is the corpus's.
    """

    kind: str
    message: str
    utterance: str | None = None


@dataclass(frozen=True)
class Manifest:
    """The utterances of one corpus as they lie on one disk, and what is wrong with them.

    An utterance whose audio cannot be used is not among `utterances`; it is named in `problems`.

    Attributes:
        corpus: the corpus's name, such as ``iemocap``.
        root: the folder that the audio paths are relative to.
        utterances: in the order of their ids.
        problems: everything that a check reports.
        notes: what a check mentions though it is as published.
    """

    corpus: str
    root: Path
    utterances: tuple[Utterance, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self.utterances)

    def __len__(self) -> int:
        return len(self.utterances)

    def write(self, path: Path) -> None:
        """Write one header line and one line per utterance, atomically.

        Raises:
            UserError: if the folder cannot be written to, or the file is there already and is no manifest.
        """
        if path.exists() and not is_manifest(path):
            raise UserError(f"{path} is there already and is no manifest; choose another name, or delete it")
        header: dict[str, Any] = {"corpus": self.corpus, "root": str(self.root)}
        header |= {"problems": [asdict(p) for p in self.problems], "notes": self.notes}
        write_text(path, "".join(json.dumps(row) + "\n" for row in [header, *map(_to_json, self.utterances)]))

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Return the manifest that `write` wrote.

        Raises:
            UserError: if a line is no utterance; it names the line.
        """
        rows = list(_json_lines(path))
        if not rows or "corpus" not in rows[0]:
            raise UserError(
                f"{path} is no manifest: its first line must name the corpus; make it with `mser data manifest`"
            )
        header, *utterances = rows
        return cls(
            corpus=header["corpus"],
            root=Path(header["root"]),
            utterances=tuple(_from_json(row, path, number) for number, row in enumerate(utterances, 2)),
            problems=tuple(Problem(**row) for row in header.get("problems", ())),
            notes=tuple(header.get("notes", ())),
        )


def is_manifest(path: Path) -> bool:
    """Whether the first line is a manifest's, which no row of a table looks like."""
    with suppress(OSError, ValueError, RecursionError), path.open(encoding="utf-8") as lines:
        header = json.loads(lines.readline())
        return isinstance(header, dict) and {"corpus", "root", "problems"} <= set(header)
    return False


def _to_json(utterance: Utterance) -> dict[str, Any]:
    """Return the fields that differ from their defaults: ten thousand lines stay readable and quick."""
    row = {**_fields(utterance), "ratings": [_fields(rating) for rating in utterance.ratings]}
    return {
        name: value
        for name, value in row.items()
        if value not in ("", None, [], {}) and (name, value) != ("start", 0.0)
    }


def _fields(record: Utterance | Rating) -> dict[str, Any]:
    # dataclasses.asdict copies deeply, which takes five times as long.
    return {one.name: getattr(record, one.name) for one in fields(record)}


def _from_json(row: dict[str, Any], path: Path, number: int) -> Utterance:
    try:
        ratings = tuple(
            Rating(r["rater"], tuple(r["labels"]), r["scores"], r["is_self"]) for r in row.pop("ratings", ())
        )
        return Utterance(**{"transcript": "", "speaker": "", **row}, ratings=ratings)
    except (TypeError, KeyError) as error:
        raise UserError(f"{path}:{number} is no utterance ({error}); make the manifest again") from error


def _json_lines(path: Path) -> Iterable[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise UserError(f"{path}:{number} is not JSON ({error}); make the manifest again") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
