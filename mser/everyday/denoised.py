"""A recording behind a denoiser, noisereduce (extra conditions): it takes the voice itself for part of the noise."""

from __future__ import annotations

from typing import cast

import numpy as np

from mser.audio.decoding import SAMPLE_RATE, Samples

_WINDOW = 1024  # samples; it cannot take less


def denoised(samples: Samples) -> Samples:
    """Return (N,) samples at 16 kHz behind noisereduce's stationary spectral gating, with its own settings."""
    import noisereduce

    padded = np.pad(samples, (0, max(0, _WINDOW - len(samples))))
    cleaned = noisereduce.reduce_noise(y=padded, sr=SAMPLE_RATE, stationary=True)
    return cast(Samples, cleaned[: len(samples)].astype(np.float32))
