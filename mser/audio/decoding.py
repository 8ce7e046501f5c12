"""From a span of an audio file to samples: decoded, mixed to mono, resampled to 16 kHz. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mser.audio.recording import SAMPLE_RATE as SAMPLE_RATE
from mser.audio.recording import mono, opened
from mser.audio.wav import LOUDEST, BadAudioError
from mser.errors import UserError
from mser.manifest import Seconds

SHORTEST = 800
"""Samples: a shorter clip is filled up with silence, since no encoder takes less than its receptive field (25 ms)."""
Samples = NDArray[np.float32]


def decode(path: Path, start: Seconds = 0.0, end: Seconds | None = None, channel: int | None = None) -> Samples:
    """Return (samples,) in [-1, 1] at 16 kHz, mono; only the asked span is read.

    Args:
        path: any format that libsndfile reads: wav, flac, ogg, mp3, aiff, ...
        start: where to begin.
        end: where to stop; at the file's end when None or beyond it.
        channel: the only one to hear, counted from 1; all, mixed, when None.

    Raises:
        UserError: if the file is missing, is no audio, lacks the channel, holds nothing in the span, or holds samples
            that are NaN, infinite or far outside -1..1.
    """
    try:
        with opened(path, whole=False, channel=channel) as recording:
            first, last = recording.part(start, end)
            samples, rate = mono(recording.read(first, last - first), recording.weights), recording.rate
    except BadAudioError as error:
        raise UserError(f"cannot read audio: {path} {error}; `mser data check` names every such file") from error
    if not len(samples):
        raise UserError(f"{path} holds no audio from {start:.2f} s on; `mser data check` names every such file")
    if not recording.kind.startswith("PCM") and not np.abs(samples).max() <= LOUDEST:
        what = "samples far outside -1..1" if np.isfinite(samples).all() else "NaN or infinite samples"
        raise UserError(f"{path} holds {what}; `mser data check` names every such file")
    return as_taken(samples, rate)


def as_taken(samples: Samples, rate: int) -> Samples:
    """Return (samples,) as encoders take them, 16 kHz and at least `SHORTEST`, of mono samples at any rate."""
    samples = _resample(samples, rate)
    lacking = SHORTEST - len(samples)
    return np.pad(samples, (0, lacking)) if lacking > 0 else samples


def _resample(samples: Samples, rate: int) -> Samples:
    if rate == SAMPLE_RATE:
        return samples
    import soxr

    return cast(Samples, soxr.resample(samples, rate, SAMPLE_RATE))
