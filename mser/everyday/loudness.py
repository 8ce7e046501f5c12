"""How loud a recording is."""

from __future__ import annotations

import numpy as np

from mser.audio.decoding import Samples

ONE_LEVEL = 0.05
"""The root mean square that `levelled` gives every recording: -26 dB of full scale."""
_AUDIBLE = 1e-6


def levelled(samples: Samples, rms: float = ONE_LEVEL) -> Samples:
    """Return (N,) samples scaled to a root mean square; nothing is cut off where they pass full scale by that.

    Silence stays as it is, for it has no level.

    Example:
        >>> float(round(rms_of(levelled(np.sin(np.arange(16_000, dtype=np.float32)))), 4))
        0.05
    """
    own = rms_of(samples)
    return samples * np.float32(rms / own) if own > _AUDIBLE else samples


def amplified(samples: Samples, decibels: float) -> Samples:
    """Return (N,) samples that are louder by some dB, softer by negative ones.

    Example:
        >>> amplified(np.ones(2, np.float32), -20)
        array([0.1, 0.1], dtype=float32)
    """
    return samples * np.float32(10 ** (decibels / 20))


def rms_of(samples: Samples) -> float:
    """Return the root mean square of (N,) samples."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
