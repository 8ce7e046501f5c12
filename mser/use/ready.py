"""A clip as the model takes it: what of it there is, what has to be written down first, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mser.data.audio import SAMPLE_RATE, SHORTEST
from mser.data.batch import Batch
from mser.errors import UserError
from mser.manifest import Seconds
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
    """

    clip: Clip
    waveform: Tensor
    transcript: str | None
    sides: tuple[str, ...]
    seconds: Seconds
    notes: list[str] = field(default_factory=list)
    transcribed: bool = False


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
    written = "text" in settings.modalities and bool((clip.transcript or "").strip())
    transcribe = asr and "text" in settings.modalities and not written and clip.audio is not None
    listens = "speech" in settings.modalities and clip.audio is not None
    sides = tuple(side for side, there in (("speech", listens), ("text", written or transcribe)) if there)
    require_sides(clip, settings, sides)
    text = None if transcribe else clip.transcript or "" if written else ""
    if not (listens or transcribe):
        return Ready(clip, torch.zeros(SHORTEST), text, sides, min(1 + len(text or "") / _PACE, budget))
    waveform, notes = hear(clip, settings.max_seconds, budget)
    return Ready(clip, waveform, text, sides, len(waveform) / SAMPLE_RATE, notes)


def require_sides(clip: Clip, settings: Settings, sides: Sequence[str]) -> None:
    """Refuse a clip without what the model needs; one trained with sides missing needs either.

    Raises:
        UserError: if it lacks speech, or text.
    """
    if sides and settings.takes_either:
        return
    if "text" in settings.modalities and "text" not in sides:
        raise UserError(NEEDS_TEXT if clip.transcript is None else f"the transcript is empty: {NEEDS_TEXT}")
    if "speech" in settings.modalities and "speech" not in sides:
        raise UserError("this model listens: give it a recording")


def batched(chosen: Sequence[Ready], device: torch.device) -> Batch:
    """Return the clips as one batch; sides are marked only where one is missing."""
    given = {side: torch.tensor([side in one.sides for one in chosen], device=device) for side in ("speech", "text")}
    return Batch(
        waveform=pad_sequence([one.waveform for one in chosen], batch_first=True).to(device),
        lengths=torch.tensor([len(one.waveform) for one in chosen], device=device),
        transcripts=[one.transcript or "" for one in chosen],
        target=torch.empty(0),
        index=torch.arange(len(chosen), device=device),
        speech_given=None if given["speech"].all() else given["speech"],
        text_given=None if given["text"].all() else given["text"],
    )
