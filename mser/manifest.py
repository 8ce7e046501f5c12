"""The checked list of a corpus's utterances, on disk as JSON lines. Knows no torch and opens no audio."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from math import inf, isfinite
from pathlib import Path
from typing import Any

from mser.errors import UserError
from mser.files.json_fields import fit, loads
from mser.files.whole import write_text

Seconds = float
_AGAIN = "make the manifest again"


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
        audio: path of the audio file, relative to the manifest's root; empty where there are words alone.
        duration: seconds of audio that belong to the utterance.
        transcript: what was said; empty where the corpus has none.
        speaker: who speaks; unique in the corpus; empty where nobody knows.
        group: the recording situation that must not be torn apart: dialogue, video or play.
        start: where in the file it begins; the whole file when `end` is None.
        end: where in the file it ends.
        channel: the only one of the file that it is in, counted from 1; all of them, mixed, when None.
        session: the recording session, where the corpus has sessions.
        style: ``improvised``, ``scripted`` or empty.
        gender: ``F``, ``M`` or empty.
        split: the corpus's own split (``train``, ``val``, ``test``, and ``test2`` where there are several) or empty.
        fold: which fold tests it, where the corpus has folds of its own, or empty.
        label: the published categorical label, unmerged (IEMOCAP's ``xxx``, no majority, is one), or None.
        labels: further published labels by what they tell, such as MELD's ``sentiment`` beside its emotion.
        scores: published numbers: ``valence``, ``sentiment``, or the intensity of an emotion.
        ratings: what the individual raters said.
        heard_by: which speech recogniser wrote the transcript; empty where people did, or nobody knows.
        typed: what people wrote down, where the transcript is a recogniser's.
    """

    id: str
    audio: str
    duration: Seconds
    transcript: str
    speaker: str
    group: str
    start: Seconds = 0.0
    end: Seconds | None = None
    channel: int | None = None
    session: str = ""
    style: str = ""
    gender: str = ""
    split: str = ""
    fold: str = ""
    label: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    ratings: tuple[Rating, ...] = ()
    heard_by: str = ""
    typed: str = ""


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
        header: dict[str, Any] = {"corpus": self.corpus, "root": str(self.root), "utterances": len(self)}
        header |= {"problems": [asdict(p) for p in self.problems], "notes": self.notes}
        write_text(path, "".join(json.dumps(row) + "\n" for row in [header, *map(_to_json, self.utterances)]))

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Return the manifest that `write` wrote.

        Raises:
            UserError: if a line is no utterance; it names the line.
        """
        lines = list(_json_lines(path))
        if not lines or "corpus" not in lines[0]:
            raise UserError(
                f"{path} is no manifest: its first line must name the corpus; make it with `mser data manifest`"
            )
        header = fit(_Header, lines[0], f"{path}:1", _AGAIN)
        utterances = tuple(_from_json(row, f"{path}:{number}") for number, row in enumerate(lines[1:], 2))
        if header.utterances not in (None, len(utterances)):
            raise UserError(
                f"{path} was cut: it promises {header.utterances} utterances, has {len(lines) - 1}; {_AGAIN}"
            )
        if len(utterances) > len({one.id for one in utterances}):
            twice = next(name for name, times in Counter(one.id for one in utterances).items() if times > 1)
            raise UserError(f"{path} has {twice[:80]} more than once; {_AGAIN}")
        return cls(header.corpus, Path(header.root), utterances, header.problems, header.notes)


@dataclass(frozen=True)
class _Header:
    corpus: str
    root: str
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    utterances: int | None = None


def is_manifest(path: Path) -> bool:
    """Whether the first line is a manifest's, which no row of a table looks like."""
    with suppress(OSError, ValueError), path.open(encoding="utf-8") as lines:
        header = loads(lines.readline())
        return isinstance(header, dict) and {"corpus", "root", "problems"} <= set(header)
    return False


def _to_json(utterance: Utterance) -> dict[str, Any]:
    """Return the fields that differ from their defaults: ten thousand lines stay readable and quick."""
    row = {**_fields(utterance), "ratings": [_fields(rating) for rating in utterance.ratings]}
    return {
        name: value
        for name, value in row.items()
        if name == "audio" or (value not in ("", None, [], {}) and (name, value) != ("start", 0.0))
    }


def _fields(record: Utterance | Rating) -> dict[str, Any]:
    # dataclasses.asdict copies deeply, which takes five times as long.
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _from_json(row: dict[str, Any], where: str) -> Utterance:
    if unknown := row.keys() - {field.name for field in fields(Utterance)}:
        raise UserError(f"{where} is no utterance: it has {min(unknown)[:80]!r}; {_AGAIN}")
    utterance = fit(Utterance, {"transcript": "", "speaker": "", **row}, where, _AGAIN)
    if "\0" in utterance.audio:
        raise UserError(
            f"{where} is no utterance: its audio is {utterance.audio[:80]!r}, which names no file; {_AGAIN}"
        )
    ends = utterance.end is None or utterance.start < utterance.end < inf
    ends = ends and (utterance.channel is None or utterance.channel >= 1)
    numbers = [*utterance.scores.values(), *(score for rating in utterance.ratings for score in rating.scores.values())]
    if not (0 < utterance.duration < inf and 0 <= utterance.start < inf and ends and all(map(isfinite, numbers))):
        described = f"lasts {utterance.duration} s from {utterance.start} to {utterance.end} with the scores {numbers}"
        described += f" in channel {utterance.channel}" if utterance.channel is not None else ""
        raise UserError(f"{where} is no utterance: it {described[:200]}; {_AGAIN}")
    return utterance


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    number = 1
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if not isinstance(row := loads(line), dict):
                    raise ValueError("expected an object")
                yield row
                number += 1
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path}:{number} is not JSON ({str(error)[:200]}); {_AGAIN}") from error
