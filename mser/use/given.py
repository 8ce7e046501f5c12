"""What `Model.predict` is given, as clips: a recording, a list, a folder or a table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mser.corpora.table_rows import FORMATS
from mser.errors import UserError
from mser.use.asked import Asked, from_files, from_table
from mser.use.clips import Clip


def clips_of(
    audio: Any, transcript: str | Sequence[str | None] | None, sample_rate: int | None, columns: Mapping[str, str]
) -> tuple[Iterable[Clip], bool]:
    """Return the clips, and whether there may be several.

    Raises:
        UserError: if recordings and transcripts do not pair, or a table or folder cannot be read.
    """
    if isinstance(audio, str | Path) and transcript is None:
        path = Path(audio)
        if os.path.isdir(audio):
            return named(from_files([str(audio)], [])), True
        if path.suffix.lower() in FORMATS:
            return named(from_table(path, columns)), True
    if isinstance(audio, list):
        return _paired(audio, transcript, sample_rate), True
    if not (transcript is None or isinstance(transcript, str)):
        raise UserError("one recording was given with a list of transcripts; give lists of both, or one of each")
    return [Clip(audio, transcript, sample_rate=sample_rate)], False


def named(asked: Iterable[Asked]) -> Iterator[Clip]:
    """Yield the clips that were asked about, called as they were called there."""
    return (Clip(one.path, one.transcript, one.start, one.end, name=one.audio) for one in asked)


def _paired(audio: list[Any], transcript: str | Sequence[str | None] | None, sample_rate: int | None) -> Iterator[Clip]:
    said = [None] * len(audio) if transcript is None else transcript
    if len(said) != len(audio) or isinstance(said, str):
        raise UserError(f"{len(audio)} recordings were given with other than as many transcripts; pair them")
    return (Clip(*pair, sample_rate=sample_rate) for pair in zip(audio, said, strict=True))
