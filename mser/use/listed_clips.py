"""Which clips the command line asks about: files, folders of files, turns, or the rows of a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Final, Literal

from mser.audio.recording import opened
from mser.audio.suffixes import SUFFIXES, heard_in
from mser.audio.wav import BadAudioError
from mser.corpora.table.audformat import is_audformat
from mser.corpora.table.hub_table import local_table
from mser.corpora.table.rows import Row, columns_of, each_row, home, listed
from mser.corpora.text_files import channel as channel_of
from mser.errors import UserError, one_of
from mser.use.clips import Clip

ROLES = ("audio", "transcript", "start", "end", "speaker", "channel")


@dataclass(frozen=True, slots=True)
class ListedClip:
    """One clip as a user named it; `path` is where it lies, `kept` what its row says besides."""

    audio: str
    path: str | None
    transcript: str | None
    start: float = 0.0
    end: float | None = None
    speaker: str = ""
    channel: int | None = None
    kept: Mapping[str, str] = field(default_factory=dict)


class Listed:
    """The clips that are asked about, made anew for each loop over them, since there may be millions.

    Args:
        each: makes them.
        kept: what they keep of a table.

    Attributes:
        has_speech: whether any has a recording.
        has_text: whether any has a transcript.
        speakers: whether of any it is known who speaks.
        channels: whether any is of one channel alone.
        kept: the columns of a table that its clips have cells of.

    Raises:
        UserError: if one of them cannot be made.
    """

    def __init__(self, each: Callable[[], Iterator[ListedClip]], kept: Sequence[str] = ()) -> None:
        self._each, self.kept = each, tuple(kept)
        self._number, self.has_speech, self.has_text, self.speakers, self.channels = 0, False, False, False, False
        for clip in each():
            self._number += 1
            self.has_speech = self.has_speech or bool(clip.path)
            self.has_text = self.has_text or bool(clip.transcript)
            self.speakers = self.speakers or bool(clip.speaker)
            self.channels = self.channels or bool(clip.channel)

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[ListedClip]:
        return self._each()


def from_files(files: Sequence[str], texts: Sequence[str]) -> Listed:
    """Return one clip per file, with the texts in the same order; those of a folder in the order of their names.

    Raises:
        UserError: if there are texts but not one for each file.
    """
    paths = [path for file in files for path in _inside(file)]
    texts = [_utf8(text) for text in texts]
    if not paths:
        return Listed(lambda: (ListedClip("", None, text) for text in texts))
    if texts and len(texts) != len(paths):
        raise UserError(f"{len(paths)} files but {len(texts)} --text were given; give one for each, or use --table")
    transcripts = texts or repeat(None)
    return Listed(lambda: (ListedClip(_utf8(path), path, text) for path, text in zip(paths, transcripts, strict=False)))


def from_table(path: Path, columns: Mapping[str, str], keep: Sequence[str] | None = None) -> Listed:
    """Return one clip per row; paths are relative to the table.

    Args:
        path: CSV, TSV, JSON lines, Parquet or Arrow, a folder of the latter two, a data folder of Kaldi, a manifest of
            lhotse, an audformat database, or the id of a data set of the Hugging Face hub; all of it is checked now,
            and read again in every loop.
        columns: role, one of `ROLES`, to its column's name where that is another; ``table`` to those of a database.
        keep: columns whose cells clips are to have; where none are named, all but those that answers have anyway.

    Raises:
        UserError: if it is no table, lacks a column, or has a time that is no number.
    """
    for role in columns:
        if role not in ROLES and not (role == "table" and is_audformat(path)):
            raise one_of("role of a column", role, list(ROLES))
    path = local_table(path)
    header = columns_of(path, columns)
    named = {role: columns.get(role, role) for role in ROLES if role in columns or role in header}
    in_rows = {name for role, name in named.items() if role != "channel"}  # by every row of answers
    kept = list(dict.fromkeys(keep or [name for name in header if name not in in_rows])) if keep is not None else []
    if absent := [name for name in (*named.values(), *kept) if name not in header]:
        raise UserError(f"{path} has no column {absent[0]!r}: it has {listed(path, header)}")
    if not {"audio", "transcript"} & set(named):
        raise UserError(f"{path} has the columns {listed(path, header)}; say which is the audio, as in audio=file")
    named["name"] = f"{named.get('audio', '')}.path"  # what recordings are called that lie in the table itself
    wanted = {**columns, **{f"kept {name}": name for name in kept}}  # of an audformat database, all that is read

    def each() -> Iterator[ListedClip]:
        for place, row in each_row(path, wanted):
            yield replace(_clip(path, place, _roles(row, named)), kept={name: row.get(name, "") for name in kept})

    return Listed(each, kept)


def from_turns(paths: Sequence[Path], root: Path | None, tiers: Mapping[str, str]) -> Listed:
    """Return one clip per turn of annotations, with its speaker and what is said.

    Raises:
        UserError: as `mser.corpora.annotations.turns.read_turns` does.
    """
    from mser.corpora.annotations.turns import read_turns

    clips = [
        ListedClip(
            audio=_utf8(str(turn.audio)),
            path=str(turn.audio),
            transcript=turn.columns.get("transcript") or None,
            start=turn.start,
            end=turn.end,
            speaker=turn.speaker,
        )
        for turn in read_turns(paths, root, tiers)
    ]
    return Listed(lambda: iter(clips))


SPLIT: Final = "split"
"""In the place of a channel's number: each is heard on its own."""


def of_channel(clips: Listed, channel: int | Literal["split"]) -> Listed:
    """Return clips of one channel of each recording, or, of `SPLIT`, of each channel in turn, each a speaker."""

    def each() -> Iterator[ListedClip]:
        for clip in clips:
            if channel != SPLIT or not clip.path:
                yield replace(clip, channel=None if channel == SPLIT else channel)
                continue
            for number in range(1, _channels(clip.path) + 1):
                yield replace(clip, channel=number, speaker=f"channel {number}")

    return Listed(each, clips.kept)


@lru_cache(1 << 16)
def _channels(path: str) -> int:
    """Return how many channels a recording has; 1 where it cannot be read, which is said when it is heard."""
    try:
        with opened(path) as recording:
            return recording.channels
    except BadAudioError:
        return 1


def _inside(file: str) -> list[str]:
    if not os.path.isdir(file):
        return [file]
    paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(file) for name in heard_in(names))
    if not paths:
        raise UserError(f"{file} is a folder without any audio ({', '.join(SUFFIXES)}); give another")
    return paths


def _roles(row: Row, named: Mapping[str, str]) -> Row:
    return {role: row.get(name, "") for role, name in named.items()}


def _clip(table: Path, place: int | str, row: Row) -> ListedClip:
    audio = row.get("audio")
    path = None if audio is None else audio if "://" in audio or not audio else os.path.join(home(table), audio)
    try:
        start, end = float(row.get("start") or 0), float(row["end"]) if row.get("end") else None
        if not 0 <= start < (float("inf") if end is None else end):
            raise ValueError(f"it is from {start:g} to {end} s")
    except ValueError as error:
        raise UserError(f"{table}, row {place}: {error}; start and end are seconds, start before end") from error
    try:
        channel = channel_of(row.get("channel", ""))
    except ValueError as error:
        raise UserError(f"{table}, row {place}: {error}") from error
    transcript = row.get("transcript")
    return ListedClip(
        _utf8(row.get("name") or audio or ""), path, transcript and _utf8(transcript), start, end,
        speaker=_utf8(row.get("speaker") or (f"channel {channel}" if channel else "")),
        channel=channel,
    )  # fmt: skip


def _utf8(text: str) -> str:
    """Return it with escapes for what cannot be written down: names of files may hold any bytes."""
    return text.encode(errors="backslashreplace").decode()


def named(listed: Iterable[ListedClip]) -> Iterator[Clip]:
    """Yield the clips that were asked about, called as they were called there."""
    return (
        Clip(
            clip.path,
            clip.transcript,
            clip.start,
            clip.end,
            name=clip.audio,
            speaker=clip.speaker,
            channel=clip.channel,
            kept=clip.kept,
        )
        for clip in listed
    )
