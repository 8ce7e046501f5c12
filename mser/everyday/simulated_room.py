"""A recording as a microphone across a room takes it, by pyroomacoustics' image sources (extra conditions)."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np

from mser.audio.decoding import SAMPLE_RATE, Samples
from mser.everyday.loudness import levelled, rms_of
from mser.manifest import Seconds

SIZE = (6.0, 5.0, 3.0)
"""Metres of the room."""
_AWAY = 2.0  # metres from the mouth to the microphone
_PLACES = 8
_FROM_WALL = 0.5  # metres


def in_room(samples: Samples, decay: Seconds, random: np.random.Generator) -> Samples:
    """Return (N,) samples at 16 kHz as they are heard 2 m away in a room of 6 x 5 x 3 m, at the level they had.

    The direct sound comes without delay; the echo behind the clip's end is cut off. One of eight placings in the room
    is drawn, so that few responses need to be computed.

    Args:
        samples: mono.
        decay: seconds in which an echo falls by 60 dB (RT60), by Sabine's formula.
        random: where the placing is drawn from.
    """
    response = _response(decay, int(random.integers(_PLACES)))
    size = len(samples) + len(response) - 1
    reverberant = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)[: len(samples)]
    own = rms_of(samples)
    return levelled(reverberant.astype(np.float32), own) if own else samples


@lru_cache
def _response(decay: Seconds, place: int) -> Samples:
    """Return what a click sounds like, from its direct sound on."""
    import pyroomacoustics

    random = np.random.default_rng((7, place))
    mouth, microphone = _placed(random)
    absorption, order = pyroomacoustics.inverse_sabine(decay, SIZE)
    room = pyroomacoustics.ShoeBox(
        SIZE, fs=SAMPLE_RATE, materials=pyroomacoustics.Material(absorption), max_order=order
    )
    room.add_source(mouth)
    room.add_microphone(microphone)
    room.compute_rir()
    response = room.rir[0][0]
    return cast(Samples, response[int(np.abs(response).argmax()) :].astype(np.float32))


def _placed(random: np.random.Generator) -> tuple[list[float], list[float]]:
    """Return where a mouth and a microphone are, at the height of people's heads, as far apart as they shall be."""
    while True:
        mouth = [random.uniform(_FROM_WALL, side - _FROM_WALL) for side in SIZE[:2]]
        angle = random.uniform(0, 2 * np.pi)
        microphone = [mouth[0] + _AWAY * np.cos(angle), mouth[1] + _AWAY * np.sin(angle)]
        if all(_FROM_WALL <= place <= side - _FROM_WALL for place, side in zip(microphone, SIZE[:2], strict=True)):
            return [*mouth, 1.5], [*microphone, 1.5]
