"""What a recording sounds like, in 24 bits each 16 ms: what tells copies whatever was done to the file. No torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mser.audio.decoding import SAMPLE_RATE, Samples

VERSION = 1
"""Of everything below: fingerprints of different versions do not compare."""
BITS = 24
STEP = 256
"""Samples at 16 kHz from one frame of a fingerprint to the next: 16 ms."""
NOTHING = np.uint32(0xFFFFFFFF)
"""Stands where a frame is too quiet or too steady to tell anything."""
LOWEST, HIGHEST = 200.0, 3400.0
"""Hz: what a telephone leaves of speech, and any codec keeps."""
LEAST_FRAMES = 24
"""How many telling frames two recordings must have in common to be compared: 0.4 s, heard in 0.5 s of a recording."""
Fingerprint = NDArray[np.uint32]

_RATE, _FRAME, _HOP = 8000, 512, 128  # frames of 64 ms
_BLOCK = 4096  # frames at once: the memory that a long recording takes
_SMOOTHED = 5  # frames that are weighed together: a copy that begins half a frame later still looks alike
_QUIETEST = 1e-3  # of the loudest frame's energy (-30 dB)
_STEADIEST = 3e-3  # of a frame's energy: what must move between the bands for signs to be more than chance


def fingerprint(samples: Samples) -> Fingerprint:
    """Return (frames,) 24 signs each, as the lowest bits of a number, or `NOTHING`.

    Bit `b` of frame `n` says whether the difference of energy between bands `b` and `b + 1` has grown since frame
    `n - 1`, of 25 bands between 200 and 3400 Hz (after Haitsma and Kalker 2002). Gain, polarity, rate, codec and some
    noise leave nearly all of the signs as they are; two recordings of one sentence by one voice agree in about half.

    Args:
        samples: (N,) mono at 16 kHz.

    Example:
        >>> hiss = np.random.default_rng(1).standard_normal(2 * SAMPLE_RATE).astype(np.float32)
        >>> told = fingerprint(hiss)
        >>> len(told), bool((told == fingerprint(-0.5 * hiss)).all()), telling(told), telling(fingerprint(0 * hiss))
        (117, True, 117, 0)
    """
    energy = _smooth_energies(samples)
    if len(energy) < 2:
        return np.empty(0, np.uint32)
    moved = np.diff(energy[:, :-1] - energy[:, 1:], axis=0)
    signs = np.zeros((len(moved), 4), np.uint8)
    signs[:, : BITS // 8] = np.packbits(moved > 0, axis=1, bitorder="little")
    total = energy[1:].sum(axis=1)
    tells = (total > _QUIETEST * total.max()) & (np.abs(moved).sum(axis=1) > _STEADIEST * total)
    return np.where(tells, signs.view("<u4")[:, 0], NOTHING)


def telling(marks: Fingerprint) -> int:
    """Return how many frames of a fingerprint can be compared."""
    return int(np.count_nonzero(marks != NOTHING))


def bit_error(left: Fingerprint, right: Fingerprint, offset: int) -> tuple[float, int]:
    """Return the share of signs that differ, and over how many frames, where frame `n + offset` of `right` meets `n`.

    Example:
        >>> bit_error(np.array([7, 5], np.uint32), np.array([0, 7, 4], np.uint32), offset=1)
        (0.020833333333333332, 2)
    """
    first = max(0, -offset)
    last = max(first, min(len(left), len(right) - offset))
    one, two = left[first:last], right[first + offset : last + offset]
    both = (one != NOTHING) & (two != NOTHING)
    frames = int(both.sum())
    differing = int(np.bitwise_count((one ^ two)[both]).sum())
    return (differing / (BITS * frames) if frames else 1.0), frames


def _smooth_energies(samples: Samples) -> NDArray[np.float64]:
    """Return (frames, bands) energies, each the weighted mean of `_SMOOTHED` frames'."""
    import soxr

    samples = soxr.resample(samples, SAMPLE_RATE, _RATE, quality="LQ")
    if len(samples) < _FRAME + _HOP * (_SMOOTHED - 1):
        return np.empty((0, BITS + 1))
    framed = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    blocks = [_energies(framed[first : first + _BLOCK]) for first in range(0, len(framed), _BLOCK)]
    energies = np.concatenate(blocks)
    count = len(energies) - _SMOOTHED + 1
    smooth = np.zeros((count, BITS + 1))
    for at, weight in enumerate(_hann(_SMOOTHED)):
        smooth += weight * energies[at : at + count]
    return smooth


def _energies(framed: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (frames, bands): the power between the bands' edges, a matrix product without its threads."""
    spectrum = np.fft.rfft(framed * _WINDOW)
    below = np.cumsum(spectrum.real**2 + spectrum.imag**2, axis=1, dtype=np.float64)
    cell, part = np.divmod(_EDGES, 1)
    edges = cell.astype(int)
    return np.diff(below[:, edges - 1] + part * (below[:, edges] - below[:, edges - 1]), axis=1)


def _hann(size: int) -> NDArray[np.float32]:
    return np.hanning(size + 2)[1:-1].astype(np.float32)


_WINDOW = _hann(_FRAME)
_EDGES = np.geomspace(LOWEST, HIGHEST, BITS + 2) * _FRAME / _RATE + 0.5
"""Between the bands, of equal ratio, in cells of the spectrum, of which the first begins at -0.5."""
