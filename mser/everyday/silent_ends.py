"""A recording without the silence at its ends, as editors and loaders cut it off."""

from __future__ import annotations

from mser.audio.acoustics import silence_of
from mser.audio.decoding import SAMPLE_RATE, Samples


def trimmed(samples: Samples) -> Samples:
    """Return (N,) samples at 16 kHz from the first frame to the last that lies within 30 dB of the loudest.

    Frames are those of `mser.audio.acoustics`: 25 ms, one each 10 ms. Silence throughout stays as it is.

    Example:
        >>> import numpy as np
        >>> silence, tone = np.zeros(16_000, np.float32), np.sin(np.arange(8_000, dtype=np.float32) / 3)
        >>> len(trimmed(np.concatenate([silence, tone, silence]))) / SAMPLE_RATE
        0.535
    """
    start, end, silent = silence_of(samples - samples.mean(), SAMPLE_RATE)
    if silent == 1:
        return samples
    return samples[round(start * SAMPLE_RATE) : len(samples) - round(end * SAMPLE_RATE)]
