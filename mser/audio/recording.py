"""Whether a clip of any audio format can be used: all of its samples are read, since no corpus vouches for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mser.audio.wav import BadAudioError, read_header
from mser.manifest import Seconds

TOLERANCE = 0.1
"""Seconds that a clip may end after its file: times are rounded, and so are the lengths that some files promise."""
_SILENT = 1e-4  # between the least and the greatest sample: three steps of 16 bits
_BLOCK = 1 << 20


def check_recording(path: Path, start: Seconds = 0.0, end: Seconds | None = None) -> Seconds:
    """Return how long a clip is whose audio can be used.

    Args:
        path: any format that libsndfile reads: wav, flac, ogg, mp3, aiff, ...
        start: where it begins in the file.
        end: where it ends; at the file's end when None.

    Raises:
        BadAudioError: if the file is missing, empty, cut short or no audio, if it ends before the clip does, or if the
            clip is silent or holds NaN or infinite samples.
    """
    with _opened(path) as file:
        return _listen(file, start, end)


def recording_length(path: Path) -> Seconds:
    """Return how long a recording is; none of its samples are read.

    Raises:
        BadAudioError: if the file is missing, empty, cut short or no audio.
    """
    with _opened(path) as file:
        return float(file.frames / file.samplerate)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Give the open file; what libsndfile says against it becomes a `BadAudioError`."""
    import soundfile

    if not path.is_file():
        raise BadAudioError("missing", "has no audio file")
    if not path.stat().st_size:
        raise BadAudioError("empty", "is an empty file of 0 bytes")
    _require_whole_wav(path)
    try:
        with soundfile.SoundFile(path) as file:
            yield file
    except (OSError, RuntimeError) as error:
        reason = str(error).removeprefix(f"Error opening {str(path)!r}: ").rstrip(".") or "its samples are broken"
        raise BadAudioError("unreadable", f"cannot be decoded: {reason}") from error


def _require_whole_wav(path: Path) -> None:
    """Raise for a wav file that was cut short, which libsndfile takes for a shorter one."""
    try:
        read_header(path)
    except BadAudioError as error:
        if error.kind == "truncated":
            raise


def _listen(file: Any, start: Seconds, end: Seconds | None) -> Seconds:
    length = file.frames / file.samplerate
    if not length:
        raise BadAudioError("empty", "holds no samples")
    if start >= length or (end or 0) > length + TOLERANCE:
        asked = f"from {start:.2f} s on" if end is None else f"from {start:.2f} to {end:.2f} s"
        raise BadAudioError("time", f"lasts {length:.2f} s, but the clip is {asked}")
    first = round(start * file.samplerate)
    wanted = min(round((end or length) * file.samplerate), file.frames) - first
    file.seek(first)
    read, low, high = 0, float("inf"), -float("inf")
    while read < wanted:
        mono = file.read(min(_BLOCK, wanted - read), dtype="float32", always_2d=True).mean(axis=1)
        if not len(mono):
            break
        if not abs(float(mono.sum())) < float("inf"):
            raise BadAudioError("nan", "holds samples that are no numbers")
        low, high, read = min(low, float(mono.min())), max(high, float(mono.max())), read + len(mono)
    if wanted - read > TOLERANCE * file.samplerate:
        raise BadAudioError("truncated", f"is cut short: it promises {wanted} samples and holds {read}")
    if high - low < _SILENT:
        raise BadAudioError("silent", "is silent")
    return float(read / file.samplerate)
