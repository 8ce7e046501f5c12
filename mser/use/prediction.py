"""What a model says of one utterance. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

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
        unlike_training: in what recording and transcript are unlike those that the model was trained on; empty where
            they are like them, and where the model does not know how they were.
        unlike_transcripts: what of that is about the transcript.
        recording: how it is, by the names of `mser.everyday.recording_aspects`; empty where the model does not know.
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
    unlike_training: str = ""
    unlike_transcripts: str = field(default="", repr=False)
    recording: dict[str, float] = field(default_factory=dict, repr=False)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the answer, and a bar for each label or score, the greatest first.

        Example:
            >>> Prediction("a.wav", error="it is silent")._repr_html_()
            '<p><b>a.wav</b>: no answer: it is silent</p>'
        """
        name = escape(self.audio or self.transcript or "the recording")
        part = "" if self.end is None else f" {self.start:.1f}-{self.end:.1f} s"
        answer = f"no answer: {self.error}" if self.error else "" if self.scores else self.label or "none"
        unsure = " (unsure: a careful user would not take this answer)" if self.abstain else ""
        values = sorted((self.scores or self.probabilities).items(), key=lambda pair: -pair[1])
        rows = "".join(
            f"<tr><th>{escape(label)}</th><td>{f'{value:.2f}' if self.scores else f'{value:.0%}'}</td>"
            + ("" if self.scores else f'<td><meter min="0" max="1" value="{value:.4f}"></meter></td>')
            + "</tr>"
            for label, value in values
        )
        shown_part = f"<p><b>{name}</b>{part}: {escape(answer)}{unsure}</p>" + (
            f"<table>{rows}</table>" if rows else ""
        )
        unlike = f"unlike the training: {self.unlike_training}" if self.unlike_training else ""
        return shown_part + "".join(f"<p>{escape(remark)}</p>" for remark in (self.note, unlike) if remark)
