"""A clip as the model takes it: what of it there is, what has to be written down first, what is refused. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mser.audio.acoustics import measured
from mser.audio.decoding import SAMPLE_RATE, SHORTEST, Samples
from mser.errors import UserError
from mser.everyday.matched import matched
from mser.everyday.recording_aspects import aspects
from mser.manifest import Seconds
from mser.splits.transcripts import is_wordless
from mser.use.clips import Clip, hear
from mser.use.settings import NEEDS_TEXT, Settings

_PACE = 15.0  # characters that are said in a second: what a transcript counts for a model that only reads


@dataclass(eq=False)
class Ready:
    """One clip to be told.

    Attributes:
        clip: as it was given.
        waveform: (samples,) at 16 kHz; silence where there is no recording.
        transcript: None where speech recognition has to write it first.
        sides: what of it the model is given.
        seconds: what it counts in a batch.
        notes: what was done to it.
        transcribed: whether speech recognition wrote the transcript.
        heard_by: which recogniser did; empty where that is not known, or people did.
        recording: its `ASPECTS` by name, where the model knows those of its training; else empty.
    """

    clip: Clip
    waveform: Samples
    transcript: str | None
    sides: tuple[str, ...]
    seconds: Seconds
    notes: list[str] = field(default_factory=list)
    transcribed: bool = False
    heard_by: str = ""
    recording: dict[str, float] = field(default_factory=dict)


def ready(clip: Clip, settings: Settings, budget: Seconds, *, asr: bool) -> Ready:
    """Return the clip as its model takes it.

    Args:
        clip: what was given.
        settings: of the model.
        budget: most seconds that a batch may hold.
        asr: whether a transcript that is missing will be written.

    Raises:
        UserError: if the clip cannot be used, or lacks what the model needs.
    """
    if clip.error:
        raise UserError(clip.error)
    written = "text" in settings.modalities and not is_wordless(clip.transcript or "")
    transcribe = asr and "text" in settings.modalities and not written and clip.audio is not None
    listens = "speech" in settings.modalities and clip.audio is not None
    sides = tuple(side for side, there in (("speech", listens), ("text", written or transcribe)) if there)
    require_sides(clip, settings, sides)
    text = None if transcribe else clip.transcript or "" if written else ""
    if not (listens or transcribe):
        return Ready(clip, np.zeros(SHORTEST, np.float32), text, sides, min(1 + len(text or "") / _PACE, budget))
    waveform, notes = hear(clip, settings.max_seconds, budget)
    notes = [*([clip.note] if clip.note else ()), *notes]
    if clip.match and settings.recordings:
        waveform, done = matched(waveform, settings.recordings, clip.match)
        notes = [*notes, *done]
    recording = aspects(measured(waveform, SAMPLE_RATE)) if settings.recordings and listens else {}
    return Ready(clip, waveform, text, sides, len(waveform) / SAMPLE_RATE, notes, recording=recording)


def require_listener(settings: Settings, *, asr: bool) -> None:
    """Refuse a model that cannot tell anything of speech alone.

    Raises:
        UserError: if it does not listen, or needs a transcript that nobody writes.
    """
    if "speech" not in settings.modalities and not asr:
        raise UserError("this model does not listen: it needs a transcript")
    if "text" in settings.modalities and not (asr or settings.takes_either):
        raise UserError(NEEDS_TEXT)


def require_sides(clip: Clip, settings: Settings, sides: Sequence[str]) -> None:
    """Refuse a clip without what the model needs; one trained with sides missing needs either.

    Raises:
        UserError: if it lacks speech, or text.
    """
    if sides and settings.takes_either:
        return
    if "text" in settings.modalities and "text" not in sides:
        raise UserError(
            NEEDS_TEXT if clip.transcript is None else f"the transcript {_held(clip.transcript)}: {NEEDS_TEXT}"
        )
    if "speech" in settings.modalities and "speech" not in sides:
        raise UserError("this model listens: give it a recording")


def _held(transcript: str) -> str:
    return f"is {transcript.strip()[:40]!r}, which stands for none" if transcript.strip() else "is empty"
