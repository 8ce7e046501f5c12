"""Transcripts of clips for which nobody wrote one, by a speech recogniser. Imports no torch by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mser.errors import UserError
from mser.everyday.training_transcripts import as_in_training
from mser.use.clip_answers import refused
from mser.use.prediction import Prediction
from mser.use.prepared import Ready, require_sides
from mser.use.settings import Settings

if TYPE_CHECKING:
    from mser.use.words.transcribing import Transcriber


def transcriber_for(settings: Settings, asr: str | Path, device: str | None) -> Transcriber:
    """Return the speech recogniser that writes what a model lacks; it runs on a GPU if there is one by default.

    Raises:
        UserError: if the model reads no transcript, or there is no such recogniser.
    """
    if "text" not in settings.modalities:
        raise UserError("this model reads no transcript, so speech recognition is of no use to it; leave asr out")
    import torch

    from mser.use.words.transcribing import Transcriber

    return Transcriber(asr, torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")))


def with_words(
    window: Sequence[Ready | Prediction], transcriber: Transcriber | None, settings: Settings
) -> list[Ready | Prediction]:
    """Return the window with the transcripts that were missing; without words, what there is has to do."""
    missing = [prepared for prepared in window if isinstance(prepared, Ready) and prepared.transcript is None]
    if not missing or transcriber is None:
        return list(window)
    missing.sort(key=lambda prepared: prepared.seconds)
    transcripts = transcriber([prepared.waveform for prepared in missing])
    words = dict(zip(map(id, missing), transcripts, strict=True))
    by = transcriber.called
    return [
        _read(prepared, words[id(prepared)], by, settings)
        if isinstance(prepared, Ready) and id(prepared) in words
        else prepared
        for prepared in window
    ]


def _read(prepared: Ready, transcript: str | None, by: str, settings: Settings) -> Ready | Prediction:
    if transcript is None:
        return refused(prepared.clip, MemoryError())
    transcript, taken = as_in_training(transcript, settings.transcripts)
    prepared.transcript, prepared.transcribed, prepared.heard_by = transcript, True, by
    prepared.notes.append(f"transcript by {by}{taken and ', '}{taken}" if transcript else "no words were recognised")
    if not transcript:
        prepared.sides = tuple(side for side in prepared.sides if side != "text")
    try:
        require_sides(replace(prepared.clip, transcript=prepared.transcript), settings, prepared.sides)
    except UserError as error:
        return refused(prepared.clip, UserError(f"no words were recognised: {error}"))
    return prepared
