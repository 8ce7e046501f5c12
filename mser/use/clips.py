"""What a model is asked about: a recording, its transcript, or both, and whether they can be used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mser.audio.decoding import SAMPLE_RATE, Samples, as_taken
from mser.audio.recording import Recording, opened
from mser.audio.silence import QUIETEST
from mser.audio.wav import LOUDEST, BadAudioError
from mser.errors import UserError
from mser.manifest import Seconds
from mser.use.settings import is_url

if TYPE_CHECKING:
    from torch import Tensor

Audio: TypeAlias = "str | Path | NDArray[Any] | Tensor"
"""A file, or samples: (N,), or (N, channels) as soundfile gives them, in [-1, 1] or integers of their full range."""


@dataclass(frozen=True, eq=False)
class Clip:
    """One utterance to be told.

    Attributes:
        audio: None for a model that only reads.
        transcript: None where there is none.
        start: where it begins in the file.
        end: where it ends; None for the file's end.
        sample_rate: of samples, in Hz; a file knows its own.
        name: what to call it; the file as it was given when None.
        speaker: who speaks, where that is known; no model is told.
        channel: the only one of a file to hear, counted from 1; all, mixed, when None.
        kept: cells of its row in a table that answers are to have too, by column.
        error: why it cannot be asked after all; its answer then says so.
        note: what its answer has to say of it otherwise.
        match: in which of `mser.everyday.matched.WAYS` it is brought nearer to the training's recordings.
    """

    audio: Audio | None
    transcript: str | None = None
    start: Seconds = 0.0
    end: Seconds | None = None
    sample_rate: int | None = None
    name: str | None = None
    speaker: str = ""
    channel: int | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    note: str = ""
    match: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """What to call it."""
        if self.name is not None:
            return self.name
        return str(self.audio) if isinstance(self.audio, str | Path) else ""


def hear(clip: Clip, max_seconds: Seconds | None, budget: Seconds) -> tuple[Samples, list[str]]:
    """Return (samples,) mono at 16 kHz, and what was done to them that their owner should know.

    Args:
        clip: with audio; of a file no more than the clip is read.
        max_seconds: what is longer is cut, as in training.
        budget: the longest clip that memory is meant for.

    Raises:
        UserError: if there is nothing to be heard, or more than the budget.
    """
    longest = max_seconds or float("inf")
    if isinstance(clip.audio, str | Path):
        waveform, seconds, notes = _from_file(clip, longest, budget)
    else:
        waveform, seconds, notes = _from_samples(clip, longest, budget)
    if seconds <= longest:
        return waveform, notes
    return waveform[: round(longest * SAMPLE_RATE)], [*notes, f"the first {longest:g} of {seconds:.1f} s"]


def duration(clip: Clip) -> Seconds:
    """Return how long a clip is; of a file only the header is read.

    Raises:
        UserError: if there is no recording, or it ends before the clip begins.
    """
    if not isinstance(clip.audio, str | Path):
        return _seconds(clip, len(mixed(clip)) / (clip.sample_rate or 1))
    with _open(clip) as recording:
        return _seconds(clip, recording.seconds)


def _seconds(clip: Clip, whole: Seconds) -> Seconds:
    """Return how long a clip of a recording of so many seconds is."""
    if whole and clip.start >= whole:
        name = clip.called or "the recording"
        raise UserError(f"{name} lasts {whole:.2f} s, but the clip is from {clip.start:.2f} s on; mend its start")
    return min(whole if clip.end is None else clip.end, whole) - clip.start


@contextmanager
def _open(clip: Clip) -> Iterator[Recording]:
    """Open a clip's file; whatever speaks against it becomes a `UserError`."""
    try:
        with opened(str(clip.audio), channel=clip.channel) as recording:
            yield recording
    except (BadAudioError, ValueError) as error:
        _explain(clip)
        raise UserError(f"{clip.called} {error}; give another recording") from error


def _explain(clip: Clip) -> None:
    """Raise where there is more to say than that a file cannot be opened."""
    name = clip.called
    if is_url(clip.audio):
        raise UserError(f"{name} is a URL, expected a file; download it first")
    if not os.path.isfile(str(clip.audio)):
        what = "is a folder" if os.path.isdir(str(clip.audio)) else "is not there"
        raise UserError(f"{name.strip() or 'the recording'} {what}; give the path of an audio file")
    if not os.access(str(clip.audio), os.R_OK):
        raise UserError(f"{name} may not be read; change its permissions")


def _from_file(clip: Clip, longest: Seconds, budget: Seconds) -> tuple[Samples, Seconds, list[str]]:
    with _open(clip) as recording:
        seconds = _seconds(clip, recording.seconds)
        _require_room(clip.called, min(seconds, longest), budget)
        # A second more than is kept, so that resampling at the cut hears what it heard in training.
        end = clip.end if seconds <= longest + 1 else clip.start + longest + 1
        blocks = list(recording.clip(clip.start, end))
        samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        return as_taken(samples, recording.rate), seconds, recording.unusual


def _require_room(name: str, seconds: Seconds, budget: Seconds) -> None:
    if seconds > budget:
        raise UserError(
            f"{name} lasts {seconds:.1f} s but a batch may hold {budget:g} s; cut it into segments (--window 10; "
            "window=10), or raise --batch-seconds (batch_seconds)"
        )


def _from_samples(clip: Clip, longest: Seconds, budget: Seconds) -> tuple[Samples, Seconds, list[str]]:
    samples = mixed(clip)
    rate = clip.sample_rate or 1
    seconds = _seconds(clip, len(samples) / rate)
    _require_room(clip.called or "the recording", min(seconds, longest), budget)
    samples = samples[round(clip.start * rate) : None if clip.end is None else round(clip.end * rate)]
    if not np.isfinite(samples).all() or np.abs(samples).max() > LOUDEST:
        raise UserError("samples were given that are no numbers or far outside -1..1; divide integers by their maximum")
    if samples.max() - samples.min() < QUIETEST:
        raise UserError("the recording is silent; give another recording")
    return as_taken(samples, rate), seconds, [] if rate == SAMPLE_RATE else [f"resampled from {rate} Hz"]


def mixed(clip: Clip) -> Samples:
    """Return the samples of a clip that has them, (samples,) in [-1, 1] at their own rate.

    Raises:
        UserError: if they are of another shape, or without their rate.
    """
    samples: Any = _array(clip.audio)
    if not clip.sample_rate or clip.sample_rate <= 0:
        raise UserError("samples were given without their rate; say it, as in sample_rate=16000")
    if samples.dtype.kind in "bc":
        raise UserError(f"samples of type {samples.dtype} were given, which are no sound; give floats or integers")
    if samples.ndim not in (1, 2) or not samples.size:
        raise UserError(
            f"samples of shape {tuple(samples.shape)} were given, expected (N,), (N, channels) or (channels, N)"
        )
    if samples.ndim == 2 and samples.shape[0] < samples.shape[1]:
        samples = samples.T  # (channels, N), as torchaudio and torchcodec give them
    whole = np.issubdtype(samples.dtype, np.integer)
    scaled = (samples / (np.iinfo(samples.dtype).max + 1) if whole else samples).astype(np.float32)
    return np.asarray(scaled if scaled.ndim == 1 else scaled.mean(axis=1))


def _array(audio: Any) -> NDArray[Any]:
    return np.asarray(audio.detach().cpu().numpy() if hasattr(audio, "detach") else audio)
