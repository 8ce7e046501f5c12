"""What a model is asked about: a recording, its transcript, or both, and whether they can be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from mser.corpora.recording import check_recording
from mser.corpora.wav import BadAudioError
from mser.data.audio import SAMPLE_RATE, as_taken, load
from mser.errors import UserError
from mser.manifest import Seconds
from mser.use.settings import is_url

Audio = str | Path | NDArray[Any] | Tensor
"""A file, or samples: (N,), or (N, channels) as soundfile gives them, in [-1, 1] or integers of their full range."""
_SILENT = 1e-4  # as in mser.corpora.recording
_LOUDEST = 8.0  # floats beyond it are integers that were cast


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
    """

    audio: Audio | None
    transcript: str | None = None
    start: Seconds = 0.0
    end: Seconds | None = None
    sample_rate: int | None = None
    name: str | None = None

    @property
    def called(self) -> str:
        """What to call it."""
        if self.name is not None:
            return self.name
        return str(self.audio) if isinstance(self.audio, str | Path) else ""


def hear(clip: Clip, max_seconds: Seconds | None, budget: Seconds) -> tuple[Tensor, list[str]]:
    """Return (samples,) mono at 16 kHz, and what was done to them that their owner should know.

    Args:
        clip: with audio.
        max_seconds: what is longer is cut, as in training.
        budget: the longest clip that memory is meant for.

    Raises:
        UserError: if there is nothing to be heard, or more than the budget.
    """
    if isinstance(clip.audio, str | Path):
        return _file(clip, Path(clip.audio), max_seconds or float("inf"), budget)
    waveform, notes = _samples(clip)
    return _cut(waveform, len(waveform) / SAMPLE_RATE, max_seconds or float("inf"), budget, notes)


def _file(clip: Clip, path: Path, longest: Seconds, budget: Seconds) -> tuple[Tensor, list[str]]:
    name = clip.called
    if is_url(clip.audio):
        raise UserError(f"{name} is a URL, expected a file; download it first")
    if not str(clip.audio).strip() or not path.is_file():
        what = "is a folder" if path.is_dir() and str(clip.audio).strip() else "is not there"
        raise UserError(f"{name or 'the recording'} {what}; give the path of an audio file")
    try:
        seconds = check_recording(path, clip.start, clip.end)
    except BadAudioError as error:
        raise UserError(f"{name} {error}; give another recording") from error
    _require_room(name, min(seconds, longest), budget)
    # A second more than is kept, so that resampling at the cut hears what it heard in training.
    end = min(clip.end or float("inf"), clip.start + longest + 1)
    waveform = load(path, clip.start, None if end == float("inf") else end)
    return _cut(waveform, seconds, longest, budget, _format(path))


def _cut(
    waveform: Tensor, seconds: Seconds, longest: Seconds, budget: Seconds, notes: list[str]
) -> tuple[Tensor, list[str]]:
    _require_room("the recording", min(seconds, longest), budget)
    if seconds <= longest:
        return waveform, notes
    return waveform[: round(longest * SAMPLE_RATE)], [*notes, f"the first {longest:g} of {seconds:.1f} s"]


def _require_room(name: str, seconds: Seconds, budget: Seconds) -> None:
    if seconds > budget:
        raise UserError(
            f"{name} lasts {seconds:.1f} s but a batch may hold {budget:g} s; cut it, or raise --batch-seconds "
            "(batch_seconds)"
        )


def _format(path: Path) -> list[str]:
    """Return what is unusual about a file that can be used all the same."""
    import soundfile

    info = soundfile.info(path)
    notes = [f"{info.channels} channels mixed to one"] if info.channels > 1 else []
    if info.samplerate != SAMPLE_RATE:
        notes.append(f"resampled from {info.samplerate} Hz")
    return [*notes, "8 bits a sample"] if info.subtype in ("PCM_U8", "PCM_S8") else notes


def _samples(clip: Clip) -> tuple[Tensor, list[str]]:
    samples = torch.as_tensor(clip.audio)
    if not clip.sample_rate or clip.sample_rate <= 0:
        raise UserError("samples were given without their rate; say it, as in sample_rate=16000")
    if samples.ndim not in (1, 2) or not samples.numel() or samples.is_complex():
        raise UserError(f"samples of shape {tuple(samples.shape)} were given, expected (N,) or (N, channels)")
    if not samples.is_floating_point():
        samples = samples.float() / (torch.iinfo(samples.dtype).max + 1)
    samples = samples.float() if samples.ndim == 1 else samples.float().mean(1)
    if not torch.isfinite(samples).all() or samples.abs().max() > _LOUDEST:
        raise UserError("samples were given that are no numbers or far outside -1..1; divide integers by their maximum")
    if samples.max() - samples.min() < _SILENT:
        raise UserError("the recording is silent; give another recording")
    rate = clip.sample_rate
    return as_taken(samples, rate), [] if rate == SAMPLE_RATE else [f"resampled from {rate} Hz"]
