"""What is said of one clip, or why nothing is. Imports no torch by itself."""

from __future__ import annotations

from mser.errors import one_line
from mser.everyday.unlike_training import reasons
from mser.labels import ScoreSet
from mser.scoring.temperature import Floats
from mser.tasks import decision
from mser.use.abstention import sureness
from mser.use.clips import Clip
from mser.use.engine import Engine
from mser.use.prediction import MADE_UP, Prediction
from mser.use.prepared import Ready
from mser.use.settings import Settings


def prediction_of(prepared: Ready, answer: Floats, settings: Settings, engine: Engine) -> Prediction:
    """Return what is said of a clip, given calibrated probabilities or scores, (C,)."""
    task = settings.question()
    named = dict(zip(task.labels, answer.tolist(), strict=True))
    scores = isinstance(task, ScoreSet)
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
        unlike_training=reasons(prepared.recording, settings.recordings)
        if prepared.recording and settings.recordings
        else "",
        recording=prepared.recording,
        note="; ".join([*([MADE_UP] if settings.made_up else ()), *prepared.notes, *_cut_short(prepared, engine)]),
    )


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
