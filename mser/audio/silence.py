"""Whether anything is to be heard in a clip. Reads as little of it as tells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mser.audio.wav import BadAudioError
from mser.manifest import Seconds

QUIETEST = 3e-4
"""Of full scale (-70 dB): samples that differ by less all along are silence."""
_WINDOW, _BLOCK = 2048, 1 << 20  # samples


def silent(path: str | Path, spans: Iterable[tuple[Seconds, Seconds]]) -> list[bool]:
    """Return of each (start, end) of a file whether it is silent throughout.

    The middle of a span is read first: only a span that is silent there is read whole.

    Raises:
        BadAudioError: if the file cannot be decoded.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            return [_silent(file, round(start * file.samplerate), round(end * file.samplerate)) for start, end in spans]
    except soundfile.SoundFileError as error:
        raise BadAudioError("unreadable", f"cannot be decoded: {error}") from error


def _silent(file: Any, first: int, last: int) -> bool:
    middle = max(first, (first + last - _WINDOW) // 2)
    if not _flat(file, middle, min(_WINDOW, last - middle)):
        return False
    return all(_flat(file, begin, min(_BLOCK, last - begin)) for begin in range(first, last, _BLOCK))


def _flat(file: Any, begin: int, frames: int) -> bool:
    file.seek(begin)
    samples = file.read(frames, dtype="float32", always_2d=True)
    return not samples.size or bool((samples.max(0) - samples.min(0)).max() < QUIETEST)
