"""Where in a recording somebody speaks, told by Silero's detector, whose weights come with its package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from warnings import catch_warnings, simplefilter

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
_PAUSE, _PAD = 500, 100  # ms: a shorter pause does not end a segment; kept around each


def spoken(clip: Clip, longest: Seconds) -> list[tuple[Seconds, Seconds]]:
    """Return start and end of each stretch of speech, in seconds from the clip's start.

    Args:
        clip: of a file a minute is read at a time, so its length does not matter.
        longest: most seconds of a stretch.

    Raises:
        UserError: if the recording cannot be read, or silero-vad is not installed.
    """
    silero = _silero()
    with _ALONE:
        probabilities, samples = _probabilities(clip)
    spans = silero.get_speech_timestamps_from_probs(
        probabilities,
        max_speech_duration_s=longest,
        min_silence_duration_ms=_PAUSE,
        speech_pad_ms=_PAD,
        audio_length_samples=samples,
    )
    return [(span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in spans]


_ALONE = Lock()
"""The detector remembers what it has heard, of one recording at a time."""


@torch.inference_mode()
def _probabilities(clip: Clip) -> tuple[list[float], int]:
    detector = _detector()
    detector.reset_states()
    probabilities: list[float] = []
    samples = 0
    for block in _blocks(clip):
        samples += len(block)
        padded = torch.nn.functional.pad(block, (0, -len(block) % _STEP))
        probabilities += [detector(step, SAMPLE_RATE).item() for step in padded.view(-1, _STEP)]
    return probabilities, samples


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
