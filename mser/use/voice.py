"""Where in a recording somebody speaks, told by Silero's detector, whose weights come with its package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

import numpy as np
import torch
from torch import Tensor

from mser.audio.decoding import SAMPLE_RATE, as_taken
from mser.audio.recording import mono, opened
from mser.audio.wav import BadAudioError
from mser.errors import UserError
from mser.manifest import Seconds
from mser.use.clips import Clip, hear

_STEP = 512  # samples that the detector hears at once: 32 ms
_BLOCK = 64.0  # seconds that are read at once: a whole number of steps
_PAUSE, _PAD, _SHORTEST = 500, 100, 100  # ms: a shorter pause ends no segment; kept around each; no shorter segment
_SURE, _HINT = 0.5, 0.2
_NEAR, _ABOVE, _HEARD = 20.0, 15.0, -50.0  # dB
_BREATH = 10  # steps within a loud stretch that may be softer, and around it where a hint of a voice counts


class Spoken(NamedTuple):
    """Where somebody speaks in a recording.

    Attributes:
        spans: start and end of each stretch, in seconds from the clip's start.
        loud: whether anything is to be heard at all.
    """

    spans: list[tuple[Seconds, Seconds]]
    loud: bool


def spoken(clip: Clip, longest: Seconds) -> Spoken:
    """Return each stretch of speech.

    Args:
        clip: of a file a minute is read at a time, so its length does not matter.
        longest: most seconds of a stretch.

    Raises:
        UserError: if the recording cannot be read, or silero-vad is not installed.
    """
    silero = _silero()
    with _ALONE:
        detected = _speech_probabilities(clip)
    spans = silero.get_speech_timestamps_from_probs(
        with_shouts(detected.probabilities, detected.levels),
        threshold=_SURE,
        min_speech_duration_ms=_SHORTEST,
        max_speech_duration_s=longest,
        min_silence_duration_ms=_PAUSE,
        speech_pad_ms=_PAD,
        audio_length_samples=detected.samples,
    )
    loud = max(detected.levels, default=-np.inf) >= _HEARD
    return Spoken([(span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in spans], bool(loud))


def with_shouts(probabilities: Sequence[float], levels: Sequence[float]) -> list[float]:
    """Return the probabilities of speech, with 1 throughout each loud stretch in which there is a hint of a voice.

    Silero's detector does not hear the loudest and highest voices, a shout of anger or joy: it is unsure throughout
    them, or sure for a moment. What is loud (within 20 dB of the loudest step and 15 above the quiet ones) is speech
    where the probability reaches 0.2 within 0.3 s of it. Of 1,114 recordings of acted speech 11 were lost without
    that, each a shout of one woman; 9 of them are found by it, whole, and nothing in noise, bursts of noise, tones and
    plucked notes.

    Args:
        probabilities: of speech, in [0, 1], one for each 32 ms.
        levels: of the same steps, in dB.

    Example:
        >>> with_shouts([0.0, 0.1, 0.3, 0.1, 0.0], [-60, -10, -12, -11, -60])
        [0.0, 1.0, 1.0, 1.0, 0.0]
        >>> with_shouts([0.0, 0.1, 0.1, 0.1, 0.0], [-60, -10, -12, -11, -60])
        [0.0, 0.1, 0.1, 0.1, 0.0]
    """
    raised, level = list(probabilities), np.asarray(levels)
    if not raised:
        return raised
    loud = (level >= level.max() - _NEAR) & (level >= np.percentile(level, 10) + _ABOVE)
    places = np.flatnonzero(loud)
    for stretch in np.split(places, np.flatnonzero(np.diff(places) > _BREATH) + 1):
        if len(stretch) and max(probabilities[max(0, stretch[0] - _BREATH) : stretch[-1] + _BREATH + 1]) >= _HINT:
            raised[stretch[0] : stretch[-1] + 1] = [1.0] * int(stretch[-1] + 1 - stretch[0])
    return raised


class _Listened(NamedTuple):
    probabilities: list[float]
    levels: list[float]
    samples: int


_ALONE = Lock()
"""The detector remembers what it has heard, of one recording at a time."""


@torch.inference_mode()
def _speech_probabilities(clip: Clip) -> _Listened:
    detector = _detector()
    detector.reset_states()
    listened = _Listened([], [], 0)
    for block in _blocks(clip):
        steps = torch.nn.functional.pad(block, (0, -len(block) % _STEP)).view(-1, _STEP)
        listened.levels.extend((10 * (steps.square().mean(1) + 1e-12).log10()).tolist())
        listened.probabilities.extend(detector(step, SAMPLE_RATE).item() for step in steps)
        listened = listened._replace(samples=listened.samples + len(block))
    return listened


@cache
def _detector() -> Any:
    with catch_warnings():
        simplefilter("ignore")  # of what its package will have to change one day
        return _silero().load_silero_vad()


@cache
def _silero() -> Any:
    threads = torch.get_num_threads()
    try:
        import silero_vad  # type: ignore[import-untyped]
    except ImportError as error:
        raise UserError(
            "voice activity needs silero-vad: pip install 'multimodal-ser[vad]', or cut by a window"
        ) from error
    finally:
        torch.set_num_threads(threads)  # which importing it sets to 1 for everybody
    return silero_vad


def _blocks(clip: Clip) -> Iterator[Tensor]:
    """Yield (samples,) at 16 kHz, one block after the other."""
    if not isinstance(clip.audio, str | Path):
        yield torch.from_numpy(hear(clip, None, float("inf"))[0])
        return
    try:
        with opened(str(clip.audio), channel=clip.channel) as recording:
            (first, last), size = recording.part(clip.start, clip.end), round(_BLOCK * recording.rate)
            for place in range(first, last, size):
                block = mono(recording.read(place, min(size, last - place)), recording.weights)
                if len(block):
                    yield torch.from_numpy(as_taken(block, recording.rate))
    except BadAudioError as error:
        raise UserError(f"{clip.called} {error}; give another recording") from error
