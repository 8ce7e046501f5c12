"""What is said of clips, in batches of about one length that are halved where memory is short, or why nothing is.

Imports no torch by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from mser.data.batches import LengthBatches
from mser.errors import UserError, one_line
from mser.everyday.training_transcripts import unlike_transcript
from mser.everyday.unlike_training import reasons
from mser.labels import ScoreSet
from mser.manifest import Seconds
from mser.scoring.temperature import Floats, tempered
from mser.tasks import decision
from mser.use.abstention import sureness
from mser.use.clips import Clip
from mser.use.engine import Engine
from mser.use.prediction import MADE_UP, Prediction
from mser.use.prepared import Ready
from mser.use.settings import Settings

_WINDOW = 8  # batches that are sorted by length together, before the first of them is answered
_MOST = 64  # utterances in a batch


def windows(clips: Iterable[Ready | Prediction], batch_seconds: Seconds) -> Iterator[list[Ready | Prediction]]:
    """Yield clips, taken as they are needed, in windows of which each makes a few batches; the last may be empty."""
    window: list[Ready | Prediction] = []
    held = 0.0
    for clip in clips:
        window.append(clip)
        held += clip.seconds or 0.0
        if held >= _WINDOW * batch_seconds or len(window) >= _WINDOW * _MOST:
            yield window
            window, held = [], 0.0
    yield window


def answer_batches(
    window: Sequence[Ready | Prediction], settings: Settings, engine: Engine, batch_seconds: Seconds
) -> Iterator[dict[int, Prediction]]:
    """Yield what a model says of the clips of a window, batch after batch, by their places in it."""
    yield {place: clip for place, clip in enumerate(window) if not isinstance(clip, Ready)}
    usable = {place: clip for place, clip in enumerate(window) if isinstance(clip, Ready)}
    places, budget = list(usable), min(batch_seconds, engine.at_once)
    lengths = [min(clip.seconds, budget) for clip in usable.values()]  # a longer one is a batch of its own
    for batch in LengthBatches(lengths, budget, most=_MOST).batches() if usable else []:
        chosen = [places[index] for index in batch]
        predictions = _predictions([usable[place] for place in chosen], settings, engine)
        yield dict(zip(chosen, predictions, strict=True))


def _predictions(batch: Sequence[Ready], settings: Settings, engine: Engine) -> list[Prediction]:
    try:
        return [
            prediction_of(clip, answer, settings, engine)
            for clip, answer in zip(batch, _averaged(batch, settings, engine), strict=True)
        ]
    except (UserError, MemoryError) as error:
        if len(batch) == 1:
            return [refused(batch[0].clip, error)]
    half = len(batch) // 2  # after the except block, so that what failed no longer holds its memory
    return [*_predictions(batch[:half], settings, engine), *_predictions(batch[half:], settings, engine)]


def _averaged(batch: Sequence[Ready], settings: Settings, engine: Engine) -> Floats:
    """Return (B, C) calibrated probabilities, or scores: the mean over the members."""
    every = []
    for answers, member in zip(engine.answers(batch), settings.members, strict=True):
        if not settings.kind.is_numbers:
            answers = tempered(answers, member.temperature, exclusive=settings.exclusive)
        every.append(answers)
    mean = np.asarray(np.mean(every, axis=0))
    if not np.isfinite(mean).all():
        raise UserError("the model's answer is no number; its weights or its temperature are damaged")
    return mean


def prediction_of(prepared: Ready, answer: Floats, settings: Settings, engine: Engine) -> Prediction:
    """Return what is said of a clip, given calibrated probabilities or scores, (C,)."""
    task = settings.question()
    named = dict(zip(task.labels, answer.tolist(), strict=True))
    scores = isinstance(task, ScoreSet)
    transcript = _unlike_transcripts(prepared, settings)
    return Prediction(
        audio=prepared.clip.called,
        transcript=prepared.transcript if prepared.transcribed else prepared.clip.transcript,
        start=prepared.clip.start,
        end=prepared.clip.end,
        label=None if isinstance(task, ScoreSet) else decision(task, answer.tolist()),
        probabilities={} if scores else named,
        scores=named if scores else {},
        abstain=abstains(answer, settings),
        used=prepared.sides,
        transcript_from="asr" if prepared.transcribed else "",
        seconds=prepared.seconds if "speech" in prepared.sides else None,
        speaker=prepared.clip.speaker,
        unlike_training="; ".join(filter(None, [_unlike_recordings(prepared, settings), transcript])),
        unlike_transcripts=transcript,
        recording=prepared.recording,
        note="; ".join([*([MADE_UP] if settings.made_up else ()), *prepared.notes, *_cut_short(prepared, engine)]),
    )


def _unlike_recordings(prepared: Ready, settings: Settings) -> str:
    return reasons(prepared.recording, settings.recordings) if prepared.recording and settings.recordings else ""


def _unlike_transcripts(prepared: Ready, settings: Settings) -> str:
    if settings.transcripts is None or "text" not in prepared.sides:
        return ""
    return unlike_transcript(prepared.transcript or "", prepared.heard_by, settings.transcripts)


def abstains(answer: Floats, settings: Settings) -> bool | None:
    """Return whether calibrated probabilities, (C,), are less sure than a careful user takes; None for scores."""
    if settings.abstain is None:
        return None
    return bool(sureness(answer, settings.kind) < settings.abstain["threshold"])


def _cut_short(prepared: Ready, engine: Engine) -> list[str]:
    text, most = prepared.transcript or "", engine.max_tokens
    # A token is a byte at least, so a shorter text cannot be too long.
    long = len(text.encode()) + 2 > most and engine.cuts(text)
    return [f"the transcript's first {most} tokens"] if long else []


def refused(clip: Clip, error: Exception) -> Prediction:
    """Return what is said of a clip that cannot be used: why."""
    reason = one_line(error)
    if isinstance(error, MemoryError):
        reason = "the device has not enough memory for this clip; cut it, or use another device"
    return Prediction(clip.called, clip.transcript, clip.start, clip.end, error=reason, speaker=clip.speaker)
