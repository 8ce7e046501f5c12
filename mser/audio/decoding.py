"""From a span of an audio file to samples: decoded, mixed to mono, resampled to 16 kHz. No torch."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mser.errors import UserError
from mser.manifest import Seconds

SAMPLE_RATE = 16_000
SHORTEST = 800
"""Samples: a shorter clip is filled up with silence, since no encoder takes less than its receptive field (25 ms)."""
Samples = NDArray[np.float32]


def decode(path: Path, start: Seconds = 0.0, end: Seconds | None = None) -> Samples:
    """Return (samples,) in [-1, 1] at 16 kHz, mono; only the asked span is read.

    Args:
        path: any format that libsndfile reads: wav, flac, ogg, mp3, aiff, ...
        start: where to begin.
        end: where to stop; at the file's end when None or beyond it.

    Raises:
        UserError: if the file is missing, is no audio, holds nothing in the span, or holds NaN or infinite samples.
    """
    try:
        samples, rate = _plain(path, start, end) or _any(path, start, end)
    except (OSError, RuntimeError) as error:
        raise UserError(f"cannot read audio from {path}: {error}; `mser data check` names every such file") from error
    if not len(samples):
        raise UserError(f"{path} holds no audio from {start:.2f} s on; `mser data check` names every such file")
    if samples.dtype != np.int16 and not np.isfinite(samples).all():
        raise UserError(f"{path} holds NaN or infinite samples; `mser data check` names every such file")
    return as_taken(_mono(samples), rate)


def as_taken(samples: Samples, rate: int) -> Samples:
    """Return (samples,) as encoders take them, 16 kHz and at least `SHORTEST`, of mono samples at any rate."""
    samples = _resample(samples, rate)
    lacking = SHORTEST - len(samples)
    return np.pad(samples, (0, lacking)) if lacking > 0 else samples


def _plain(path: Path, start: Seconds, end: Seconds | None) -> tuple[NDArray[np.int16], int] | None:
    """Return (samples, channels) and rate of a wav file in 16 bits; None for anything else, also one cut short.

    Most corpora are such files, which Python reads in a third of the time that libsndfile takes.
    """
    try:
        with wave.open(str(path)) as file:
            rate, channels, frames = file.getframerate(), file.getnchannels(), file.getnframes()
            first, last = _span(start, end, rate, frames)
            size = 2 * channels * (last - first)
            if file.getsampwidth() != 2 or size > path.stat().st_size:  # also where the header's length is a dummy
                return None
            file.setpos(first)
            read = file.readframes(last - first)
    except (wave.Error, EOFError):
        return None
    return (np.frombuffer(read, np.int16).reshape(-1, channels), rate) if 0 < len(read) == size else None


def _any(path: Path, start: Seconds, end: Seconds | None) -> tuple[NDArray[np.int16] | Samples, int]:
    """Return (samples, channels) and rate by libsndfile."""
    import soundfile

    with soundfile.SoundFile(path) as file:
        first, last = _span(start, end, file.samplerate, file.frames)
        file.seek(first)
        dtype = "int16" if file.subtype == "PCM_16" else "float32"  # the same numbers at a third of the price
        return file.read(last - first if end is not None else -1, dtype=dtype, always_2d=True), file.samplerate


def _span(start: Seconds, end: Seconds | None, rate: int, frames: int) -> tuple[int, int]:
    """Return the first frame of a span and the one behind its last."""
    first = min(round(start * rate), frames)
    return first, frames if end is None else max(min(round(end * rate), frames), first)


def _mono(samples: NDArray[np.int16] | Samples) -> Samples:
    """Return (samples,) in [-1, 1] of (samples, channels): their mean."""
    in_16_bits = samples.dtype == np.int16
    floats = np.multiply(samples, np.float32(2**-15), dtype=np.float32) if in_16_bits else cast(Samples, samples)
    return floats[:, 0] if floats.shape[1] == 1 else floats.mean(axis=1)


def _resample(samples: Samples, rate: int) -> Samples:
    if rate == SAMPLE_RATE:
        return samples
    import soxr

    return cast(Samples, soxr.resample(samples, rate, SAMPLE_RATE))
