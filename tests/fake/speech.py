"""Speech of different voices and sentences, and what is done to copies of it."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import soundfile
import soxr

from mser.demo.speech import SAMPLE_RATE, Manner, Voice, synthesizer

SENTENCES = (
    "Where have you been all this time, and why did nobody tell me?",
    "The tablecloth is lying on the fridge, as it did yesterday.",
    "I never said that you should leave before the others came.",
)
VOICES = ("en-us+f2", "en-us+m3", "de+f4")
Wave = np.ndarray


def clips() -> list[Wave]:
    """Return every sentence by every voice, (N,) samples at 16 kHz each, about 3 s."""
    with synthesizer() as say:
        said = [
            say(text, Voice(voice, pitch=40 + 12 * number), Manner(range=80))
            for number, voice in enumerate(VOICES)
            for text in SENTENCES
        ]
    room = np.random.default_rng(0)  # no microphone is in a silent room
    return [(one + 3e-4 * room.standard_normal(len(one))).astype(np.float32) for one in said]


def _coded(samples: Wave, kind: str, subtype: str, rate: int = SAMPLE_RATE) -> tuple[bytes, str]:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue(), {"MP3": ".mp3", "OGG": ".ogg", "FLAC": ".flac"}.get(kind, ".wav")


def _at(rate: int) -> Callable[[Wave], tuple[bytes, str]]:
    return lambda samples: _coded(soxr.resample(samples, SAMPLE_RATE, rate), "WAV", "PCM_16", rate)


def _wav(change: Callable[[Wave], Wave]) -> Callable[[Wave], tuple[bytes, str]]:
    return lambda samples: _coded(change(samples), "WAV", "PCM_16")


def _noisy(samples: Wave) -> Wave:
    noise = np.random.default_rng(1).standard_normal(len(samples)).astype(np.float32)
    return samples + noise * np.sqrt(np.mean(samples**2) / 1000)


COPIES: dict[str, Callable[[Wave], tuple[bytes, str]]] = {
    "flac": lambda samples: _coded(samples, "FLAC", "PCM_16"),
    "24 bit": lambda samples: _coded(samples, "WAV", "PCM_24"),
    "other header": lambda samples: _coded(samples, "WAVEX", "PCM_16"),
    "gain": _wav(lambda samples: samples * np.float32(10 ** (-3 / 20))),
    "polarity": _wav(lambda samples: -samples),
    "ogg": lambda samples: _coded(samples, "OGG", "VORBIS"),
    "mp3": lambda samples: _coded(samples, "MP3", "MPEG_LAYER_III"),
    "8 kHz": _at(8000),
    "48 kHz": _at(48000),
    "cut": _wav(lambda samples: samples[3200:]),
    "padded": _wav(lambda samples: np.pad(samples, (4800, 0))),
    "second cut": _wav(lambda samples: samples[16000:]),
    "noise": _wav(_noisy),
    "stereo": _wav(lambda samples: np.stack([samples, samples], axis=1)),
}
"""The bytes of a file that holds a copy, and how its name ends; all of them were unheard when bytes were compared."""
