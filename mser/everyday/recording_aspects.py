"""In which aspects one recording can be unlike others: a few of the measures, as a model hears them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mser.audio.acoustics import Measures
from mser.audio.decoding import SAMPLE_RATE
from mser.audio.measure_format import MeasureFormat

ASPECTS: Mapping[str, MeasureFormat] = {
    "silence": MeasureFormat("silence at the ends", "s", 2, 0.1),
    "silence_share": MeasureFormat("share of silence", "", 2, 0.05),
    "duration": MeasureFormat("duration", "s", 2, 0.2),
    "level": MeasureFormat("level", "dB", 1, 3.0),
    "floor": MeasureFormat("level of the quiet parts", "dB", 1, 3.0),
    "speech_to_noise": MeasureFormat("level over that of the quiet parts", "dB", 1, 3.0),
    "bandwidth": MeasureFormat("bandwidth", "Hz", 0, 500.0),
    "fall": MeasureFormat("fall of the level within 50 ms", "dB", 1, 1.0),
}
_NYQUIST = SAMPLE_RATE / 2


def aspects(measures: Measures) -> dict[str, float]:
    """Return the value of each of `ASPECTS`; what models do not hear, above 8 kHz, does not count.

    Example:
        >>> aspects(Measures(2.0, -30.0, -10.0, 0.1, 0.2, 0.3, 2000.0, 12000.0, -80.0, 15.0))["bandwidth"]
        8000.0
    """
    return {
        "silence": min(measures.silence_start + measures.silence_end, measures.duration),
        "silence_share": measures.silence_share,
        "duration": measures.duration,
        "level": measures.level,
        "floor": measures.floor,
        "speech_to_noise": measures.level - measures.floor,
        "bandwidth": min(measures.bandwidth, _NYQUIST),
        "fall": measures.fall,
    }


def rows(recordings: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """Return the aspects of recordings, (N, aspects), of each by name."""
    return np.array([[one[name] for name in ASPECTS] for one in recordings]).reshape(len(recordings), len(ASPECTS))
