"""The everyday changes by their names, each a function of the recording and a generator of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from mser.audio.decoding import SAMPLE_RATE, Samples
from mser.everyday.denoised import denoised
from mser.everyday.loudness import amplified, levelled
from mser.everyday.silent_ends import trimmed
from mser.everyday.simulated_room import in_room
from mser.everyday.telephone_line import at_rate, mp3, telephone


@dataclass(frozen=True)
class Change:
    """A kind of change.

    Attributes:
        of: makes it, of (N,) samples at 16 kHz, a level and a generator.
        usual: the levels that it is asked at; none where it has no level.
        limits: the least and the greatest level that makes sense.
        unit: of the level.
        needs: the package that makes it; empty where mser does.
    """

    of: Callable[[Samples, float, np.random.Generator], Samples]
    usual: tuple[float, ...] = ()
    limits: tuple[float, float] = (0.0, 0.0)
    unit: str = ""
    needs: str = ""

    @property
    def installed(self) -> bool:
        """Whether it can be made here."""
        return not self.needs or find_spec(self.needs) is not None


CHANGES: Mapping[str, Change] = {
    "trimmed": Change(lambda samples, _, __: trimmed(samples)),
    "levelled": Change(lambda samples, _, __: levelled(samples)),
    "gain": Change(lambda samples, decibels, _: amplified(samples, decibels), (-20.0,), (-60.0, 20.0), "dB"),
    "room": Change(in_room, (0.3, 0.6), (0.1, 1.5), "s", "pyroomacoustics"),
    "telephone": Change(lambda samples, _, __: telephone(samples)),
    "bandwidth": Change(
        lambda samples, rate, _: at_rate(samples, round(rate)), (8000.0,), (1000.0, SAMPLE_RATE - 1.0), "Hz"
    ),
    "mp3": Change(lambda samples, kbits, _: mp3(samples, kbits), (16.0,), (8.0, 160.0), "kbit/s"),
    "denoised": Change(lambda samples, _, __: denoised(samples), needs="noisereduce"),
    "start": Change(lambda samples, seconds, _: samples[: round(seconds * SAMPLE_RATE)], (2.0,), (0.1, 3600.0), "s"),
}


def changed(samples: Samples, kind: str, level: float, random: np.random.Generator) -> Samples:
    """Return (M,) samples at 16 kHz after one of `CHANGES`.

    Example:
        >>> len(changed(np.ones(48_000, np.float32), "start", 2.0, np.random.default_rng(0)))
        32000
    """
    return CHANGES[kind].of(samples, level, random)
