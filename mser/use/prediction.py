"""What a model says of one utterance. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from mser.manifest import Seconds

MADE_UP = "trained on made-up recordings: this answer means nothing"


@dataclass(frozen=True)
class Prediction:
    """What a model says of one utterance.

    Attributes:
        audio: what the recording is called; empty for samples and for text alone.
        transcript: what was read; None where nothing was given.
        start: where the clip begins in the recording.
        end: where it ends; None for the recording's end.
        label: the likeliest one, or those above one half joined by ``+``; None for scores.
        probabilities: of each label, calibrated on the validation part.
        scores: by name, not clipped to their range; empty for labels.
        abstain: whether the model is less sure than it was of most validation answers (`mser.use.abstention`), so that
            a careful user would not take its answer; None for scores, and where there is no answer.
        used: ``speech``, ``text`` or both.
        transcript_from: ``asr`` where speech recognition wrote the transcript; else empty.
        seconds: of audio that was heard.
        note: what was done to the input: mixed, resampled, cut, transcribed; before it `MADE_UP` where that is so.
        error: why there is no answer; empty if there is.
        speaker: who speaks, where turns or channels tell.
    """

    audio: str
    transcript: str | None = None
    start: Seconds = 0.0
    end: Seconds | None = None
    label: str | None = None
    probabilities: dict[str, float] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    abstain: bool | None = None
    used: tuple[str, ...] = ()
    transcript_from: str = ""
    seconds: Seconds | None = None
    note: str = ""
    error: str = ""
    speaker: str = ""
