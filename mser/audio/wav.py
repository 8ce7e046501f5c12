"""What the header of a wav file says, checked against what the file holds. Reads no samples unless they can be bad."""

from __future__ import annotations

import os
import stat
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mser.manifest import Problem

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
LFS_POINTER = b"version http"
"""How the short texts begin that stand for large files until Git LFS has fetched them."""
LOUDEST = 8.0
"""Of full scale: floats beyond it are integers that were cast, or no sound at all."""
_BITS = {_PCM: (8, 16, 24, 32), _FLOAT: (32, 64), _ALAW: (8,), _MULAW: (8,)}
_MOST_CHANNELS, RATES = 1024, (1_000, 1_000_000)  # what libsndfile opens, and what can be heard
# What follows the codec's number in the identifier of an EXTENSIBLE file, for sound and for sound fields.
_IDENTIFIERS = ("000000001000800000aa00389b71", "00002107d3118644c8c1ca000000")
_WIDE = 0xFFFFFFFF  # of RF64, whose length stands elsewhere
_TO_THE_END = 0x7FFFFF00  # about what encoders write that cannot go back to fill in the length, or twice that


class BadAudioError(Exception):
    """An audio file that cannot be used, and why.

    Attributes:
        kind: ``missing``, ``empty``, ``pointer``, ``truncated``, ``changed``, ``header`` (which contradicts itself),
            ``unreadable``, ``nan``, ``loud``, ``silent``, ``time`` or ``channel``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def missing(path: str | Path) -> BadAudioError:
    """Return why a file cannot be used that is not there; archives packed on macOS spell accents in another way."""
    for form in ("NFC", "NFD"):
        other = os.path.join(os.path.dirname(path), unicodedata.normalize(form, os.path.basename(path)))
        if other != str(path) and os.path.exists(other):
            return BadAudioError(
                "missing",
                "has no audio file; one is there whose name looks the same but spells its accents in Unicode's "
                f"{form}: rename it, or write its name as it is",
            )
    return BadAudioError("missing", "has no audio file")


@dataclass(frozen=True, slots=True)
class WavHeader:
    """The format of a wav file; `frames` counts samples per channel.

    Example:
        >>> WavHeader(sample_rate=16000, channels=1, frames=8000, is_float=False).duration
        0.5
    """

    sample_rate: int
    channels: int
    frames: int
    is_float: bool

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.frames / self.sample_rate


def check_wav(path: str | Path) -> WavHeader:
    """Return the header of a wav file whose audio can be used.

    Samples are read only where they can be no numbers, that is from files of floats.

    Raises:
        BadAudioError: if the file is missing, empty, cut short, no wav file, or holds NaN or infinite samples, or such
            that are far outside -1..1.
    """
    header = read_header(path)
    if header.is_float:
        _require_sound(path)
    return header


def read_header(path: str | Path) -> WavHeader:
    """Return the header of a wav file that is whole; none of its samples are read.

    Raises:
        BadAudioError: if the file is missing, empty, cut short or no wav file.
    """
    try:
        require_regular(path)
        with open(path, "rb") as file:
            return parse_header(file, os.fstat(file.fileno()).st_size)
    except FileNotFoundError as error:
        raise missing(path) from error
    except OSError as error:
        raise BadAudioError("unreadable", f"cannot be opened: {error.strerror}") from error


def require_regular(path: str | Path) -> None:
    """Refuse pipes and devices: whoever opens one may wait for ever.

    Raises:
        BadAudioError: if something else is there.
        OSError: if nothing is there, or it may not be looked at.
    """
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise BadAudioError("unreadable", "is no file")


def unusual_formats(headers: Mapping[str, WavHeader]) -> Iterator[Problem]:
    """Yield one problem for each format other than the release's, mono at 16 kHz.

    Args:
        headers: by any name that helps to find the file.
    """
    names: Mapping[tuple[int, int], list[str]] = defaultdict(list)
    for name, header in headers.items():
        names[header.channels, header.sample_rate].append(name)
    for (channels, rate), same in names.items():
        if (channels, rate) != (1, 16000):
            message = f"{len(same)} wav files have {channels} channel(s) at {rate} Hz, such as {same[0]}"
            yield Problem("format", f"{message}; the release has 1 at 16000 Hz, so they are mixed and resampled")


def parse_header(file: BinaryIO, size: int) -> WavHeader:
    """Return the header of an open wav file of `size` bytes, as `read_header` does; no samples are read."""
    start = file.read(12)
    if not start:
        raise BadAudioError("empty", "is an empty file of 0 bytes")
    if start.startswith(LFS_POINTER):
        raise BadAudioError("pointer", "is a pointer of Git LFS, not the audio itself; fetch it with `git lfs pull`")
    if start[:4] not in (b"RIFF", b"RF64") or start[8:12] != b"WAVE":
        raise BadAudioError("unreadable", f"is no wav file: it begins with {start!r}, not with RIFF....WAVE")
    layout, wide = None, None
    while len(chunk := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", chunk)
        if name == b"data":
            promised = wide if wide is not None and length == _WIDE else length
            if promised < size - file.tell() and _in_lines(file):
                raise BadAudioError("changed", "was changed as if it were text: LF became CR LF; restore it")
            return _measure(layout, promised, size - file.tell())
        if name == b"ds64" and length >= 16:  # of RF64, the wav files beyond 4 GB
            wide = struct.unpack("<Q", file.read(16)[8:].ljust(8, b"\0"))[0]
            length -= 16
        if name == b"fmt ":
            layout = _layout(file.read(length))
            length %= 2
        else:
            length += length % 2
        file.seek(length, os.SEEK_CUR)
    raise BadAudioError("truncated", f"ends after {size} bytes, before its samples begin")


def _in_lines(file: BinaryIO) -> bool:
    """Whether each of many line feeds ahead follows a carriage return, which hardly happens in sound."""
    place = file.tell()
    data = file.read(1 << 20)
    file.seek(place)
    return data.count(b"\n") == data.count(b"\r\n") > 3


def _layout(fmt: bytes) -> tuple[int, int, int, int]:
    """Return (codec, channels, sample rate, bytes per frame)."""
    if len(fmt) < 16:
        raise BadAudioError("truncated", f"has a format description of {len(fmt)} bytes instead of 16")
    codec, channels, rate, each_second, frame, bits = struct.unpack_from("<HHIIHH", fmt)
    if codec == _EXTENSIBLE and fmt[26:40].hex() in _IDENTIFIERS:
        codec = struct.unpack_from("<H", fmt, 24)[0]
    described = f"{channels} channels of {bits} bits at {rate} Hz"
    if codec not in _BITS or not (channels and rate and frame):
        raise BadAudioError("unreadable", f"has codec {codec}, {described}; expected uncompressed audio")
    odd = codec == _PCM and bits % 8 and frame == channels * (bits // 8 + 1)  # 12 or 20 bits in whole bytes
    lies = (bits not in _BITS[codec] or frame * 8 != channels * bits) and not odd
    lies |= each_second not in (0, rate * frame) or channels > _MOST_CHANNELS or not RATES[0] <= rate <= RATES[1]
    if lies or odd:
        fields = f"{described}, in {frame} bytes each and {each_second} bytes a second"
        kind, what = ("header", "cannot be") if lies else ("unreadable", "is not known here")
        raise BadAudioError(kind, f"has a header that {what}: {fields}")
    return codec, channels, rate, frame


def _measure(layout: tuple[int, int, int, int] | None, promised: int, held: int) -> WavHeader:
    if layout is None:
        raise BadAudioError("unreadable", "has samples before their format is described")
    codec, channels, rate, frame = layout
    if promised >= _TO_THE_END:
        promised = held
    if promised > held:
        raise BadAudioError(
            "truncated", f"is cut short: its header promises {promised} bytes of samples, it holds {held}"
        )
    if promised < frame <= held:
        message = f"holds no samples by its header, though {held} bytes follow it; convert it to a whole wav file"
        raise BadAudioError("empty", message)
    if promised < frame:
        raise BadAudioError("empty", "holds no samples")
    return WavHeader(rate, channels, promised // frame, codec == _FLOAT)


def _require_sound(path: str | Path) -> None:
    import numpy as np
    import soundfile

    try:
        for number, block in enumerate(soundfile.blocks(str(path), blocksize=1 << 20, dtype="float32")):
            bad = np.flatnonzero(~np.isfinite(block).reshape(len(block), -1).all(axis=1))
            if bad.size:
                first = (number << 20) + int(bad[0])
                raise BadAudioError("nan", f"holds samples that are no numbers, the first at sample {first}")
            require_moderate(float(np.abs(block).max(initial=0.0)))
    except (OSError, RuntimeError) as error:
        raise BadAudioError("unreadable", f"cannot be decoded: {error}") from error


def require_moderate(peak: float) -> None:
    """Refuse samples far outside -1..1.

    Raises:
        BadAudioError: if the largest is.
    """
    if peak > LOUDEST:
        raise BadAudioError("loud", f"holds samples of up to {peak:g}, expected -1 to 1; divide them by their maximum")
