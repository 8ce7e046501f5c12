"""What is said in made-up videos in which one person gives an opinion, and what raters think of it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from mser.corpora.cmu.segment_labels import EMOTIONS
from mser.demo.recorded_speech import Room
from mser.demo.script import perform, play, write_line
from mser.demo.speech import SAMPLE_RATE, Synthesizer, Voice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VOICES = tuple(f"en-us+{name}" for name in ("f1", "f2", "f3", "f4", "m1", "m2", "m3", "m4", "m6"))
_SENTIMENT = {
    **{"neu": 0.0, "sad": -1.5, "ang": -2.2, "hap": 1.6, "exc": 2.4},
    **{"fru": -1.4, "xxx": 0.0, "sur": 0.4},
}
_FELT = {
    **{"sad": ("sad",), "ang": ("anger",), "hap": ("happy",), "exc": ("happy", "surprise")},
    **{"fru": ("anger", "disgust"), "sur": ("surprise",), "xxx": ("fear",)},
}


@dataclass(frozen=True, slots=True)
class Opinion:
    """One thing that is said in a video, right after the one before; times are seconds since the video began."""

    text: str
    label: str
    start: float
    end: float
    waveform: NDArray[np.float64]


def speak(lines: int, say: Synthesizer, random: Random) -> list[Opinion]:
    """Return what the one speaker of a video says."""
    room, level = Room(random), random.uniform(-2, 2)
    voice = Voice(random.choice(_VOICES), pitch=random.uniform(44, 54), rate=random.uniform(188, 202), level=level)
    spoken: list[Opinion] = []
    for _ in range(lines):
        line = write_line(random)
        label = play(line, random)
        waveform = room.record(say(line.text, voice, perform(label, line, random)))
        start = spoken[-1].end if spoken else 0.0
        spoken.append(Opinion(line.text, label, start, start + len(waveform) / SAMPLE_RATE, waveform))
    return spoken


def sentiment(label: str, raters: int, random: Random) -> float:
    """Return the mean of what raters tick between -3 and 3."""
    return sum(max(-3, min(3, round(random.gauss(_SENTIMENT[label], 0.7)))) for _ in range(raters)) / raters


def emotions(label: str, raters: int, random: Random) -> list[float]:
    """Return the mean strength, 0 to 3, of each of `EMOTIONS`; now and then a rater sees another one than is meant."""
    felt = [name in _FELT.get(label, ()) for name in EMOTIONS]
    ticked = [
        [random.choice((1, 2, 3)) if is_felt else int(random.random() < 0.03) for is_felt in felt]
        for _ in range(raters)
    ]
    return [sum(ticks) / raters for ticks in zip(*ticked, strict=True)]
