"""How made-up speech is recorded: the room it is said in, and the file."""

from __future__ import annotations

import wave
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from mser.demo.speech import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Room:
    """Where a conversation is recorded: how loud the microphone is set, and what is heard when nobody speaks."""

    def __init__(self, random: Random) -> None:
        self._gain = 10 ** (random.uniform(-2, 2) / 20)
        self._noise = 10 ** (random.uniform(-66, -58) / 20)
        self._generator = np.random.default_rng(random.getrandbits(32))

    def record(self, waveform: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the waveform (N,) with some of the room before and after it and its noise throughout."""
        before, after = self._generator.integers(800, 3200, 2)
        sound = np.pad(waveform * self._gain, (before, after))
        return np.clip(sound + self._noise * self._generator.standard_normal(len(sound)), -1, 1)


def write_wav(path: Path, waveform: NDArray[np.float64]) -> None:
    """Write (N,) samples in -1 to 1 as 16-bit mono at 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, len(waveform), "NONE", ""))
        file.writeframes((waveform * 32767).round().astype("<i2").tobytes())
