"""Whether anything is to be heard in a clip. Reads as little of it as tells."""

from __future__ import annotations

import wave
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mser.audio.wav import BadAudioError, WavHeader, check_wav
from mser.manifest import Seconds

if TYPE_CHECKING:
    from mser.audio.recording import Recording

QUIETEST = 3e-4
"""Of full scale (-70 dB): samples that differ by less all along are silence, in a corpus and in use."""
_WINDOW, _BLOCK = 2048, 1 << 20  # samples
_Span = tuple[Seconds, Seconds]


def check_audible(path: str | Path) -> WavHeader:
    """Return the header of a wav file whose audio can be used, and in which there is something to be heard.

    Raises:
        BadAudioError: as `check_wav` does, or if the file is silent throughout.
    """
    header = check_wav(path)
    if silent(path, [(0.0, header.duration)])[0]:
        raise BadAudioError("silent", "is silent")
    return header


def silent(path: str | Path, spans: Iterable[tuple[Seconds, Seconds]]) -> list[bool]:
    """Return of each (start, end) of a file whether it is silent throughout.

    The middle of a span is read first: only a span that is silent there is read whole.

    Raises:
        BadAudioError: if the file cannot be decoded.
    """
    pairs = list(spans)
    quiet = _of_16_bits(path, pairs)
    return _of_any(path, pairs) if quiet is None else quiet


def _of_16_bits(path: str | Path, spans: Sequence[_Span]) -> list[bool] | None:
    """Return `silent` of a wav file in 16 bits, which most are, without numpy; None for anything else."""
    try:
        with wave.open(str(path)) as file:
            if file.getsampwidth() != 2:
                return None
            return [_silent(partial(_flat_16_bits, file), file.getframerate(), span) for span in spans]
    except (OSError, wave.Error, EOFError, RuntimeError):  # the last where the file's own length is too small
        return None


def _of_any(path: str | Path, spans: Sequence[_Span]) -> list[bool]:
    from mser.audio.recording import opened

    with opened(path, whole=False) as recording:
        return [_silent(partial(_flat, recording), recording.rate, span) for span in spans]


def _silent(flat: Callable[[int, int], bool], rate: int, span: _Span) -> bool:
    first, last = (round(seconds * rate) for seconds in span)
    middle = max(first, (first + last - _WINDOW) // 2)
    if not flat(middle, min(_WINDOW, last - middle)):
        return False
    return all(flat(begin, min(_BLOCK, last - begin)) for begin in range(first, last, _BLOCK))


def _flat_16_bits(file: wave.Wave_read, begin: int, frames: int) -> bool:
    file.setpos(begin)
    read, channels = file.readframes(frames), file.getnchannels()
    if len(read) < 2 * channels * frames:  # that length ends it early, which decoders do not mind
        raise wave.Error("ends early")
    samples = array("h", read)
    apart = [samples[channel::channels] for channel in range(channels)]
    return not samples or all(max(one) - min(one) < QUIETEST * 2**15 for one in apart if one)


def _flat(recording: Recording, begin: int, frames: int) -> bool:
    samples = recording.read(begin, frames)
    full = 2.0**15 if samples.dtype.kind == "i" else 1.0
    return not samples.size or bool((samples.max(0).astype(float) - samples.min(0)).max() < QUIETEST * full)
