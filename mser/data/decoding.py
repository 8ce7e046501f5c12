"""From a span of an audio file to samples: decoded by soundfile, mixed to mono, resampled to 16 kHz. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from mser.errors import UserError
from mser.manifest import Seconds

if TYPE_CHECKING:
    from soundfile import SoundFile

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
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            file.seek(min(round(start * rate), file.frames))
            count = -1 if end is None else max(round(end * rate) - round(start * rate), 0)
            exact = file.subtype == "PCM_16"
            samples = _whole_numbers(file, count) if exact else _mono(file.read(count, dtype="float32", always_2d=True))
    except (OSError, RuntimeError) as error:
        raise UserError(f"cannot read audio from {path}: {error}; `mser data check` names every such file") from error
    if not len(samples):
        raise UserError(f"{path} holds no audio from {start:.2f} s on; `mser data check` names every such file")
    if not exact and not np.isfinite(samples).all():
        raise UserError(f"{path} holds NaN or infinite samples; `mser data check` names every such file")
    return as_taken(samples, rate)


def as_taken(samples: Samples, rate: int) -> Samples:
    """Return (samples,) as encoders take them, 16 kHz and at least `SHORTEST`, of mono samples at any rate."""
    samples = _resample(samples, rate)
    lacking = SHORTEST - len(samples)
    return np.pad(samples, (0, lacking)) if lacking > 0 else samples


def _whole_numbers(file: SoundFile, count: int) -> Samples:
    """Return (samples,) of a file in 16 bits: the same as libsndfile makes of them, at a third of the price."""
    read = file.read(count, dtype="int16", always_2d=True)
    return _mono(np.multiply(read, np.float32(2**-15), dtype=np.float32))


def _mono(samples: Samples) -> Samples:
    """Return (samples,) of (samples, channels): their mean."""
    return samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)


def _resample(samples: Samples, rate: int) -> Samples:
    if rate == SAMPLE_RATE:
        return samples
    import soxr

    return cast(Samples, soxr.resample(samples, rate, SAMPLE_RATE))
