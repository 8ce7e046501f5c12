"""What the page asks of a model: the whole recording, each side alone, and window by window. Knows nothing of pages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import ClassVar

import numpy as np

from mser.errors import UserError
from mser.labels import ScoreSet, Task
from mser.manifest import Seconds
from mser.tasks import decision
from mser.use.clips import Clip, duration, hear
from mser.use.model import BATCH_SECONDS, Model
from mser.use.prediction import MADE_UP, Prediction
from mser.use.segments import cut, way_to_cut
from mser.use.settings import NEEDS_TEXT

_NEEDS_TEXT = (
    "this model reads the transcript too and was never trained without it: write what is said into its field, or have "
    "the page started with --asr, which writes it"
)


@dataclass(frozen=True)
class Answers:
    """Several answers, or why there are none.

    Attributes:
        answers: by what was asked.
        why_not: empty if there are answers.
        how: what of each clip was asked about, where that is not all of it.
    """

    answers: Sequence[Prediction] = ()
    why_not: str = ""
    how: str = ""


@dataclass(frozen=True)
class PartialAnswer:
    """What is known so far of what was asked.

    Attributes:
        whole: the answer to all there is; None until it is known.
        alone: the answers to speech alone and to text alone.
        over: the answers to windows of the recording.
        answered: how far the recording has been listened to, this time.
        of: how long it is; 0 when all is known.
    """

    whole: Prediction | None = None
    alone: Answers = Answers()
    over: Answers = Answers()
    answered: Seconds = 0.0
    of: Seconds = 0.0


class Asking:
    """Asks one model.

    Args:
        model: any.
    """

    LONGEST: ClassVar[Seconds] = 1800.0

    def __init__(self, model: Model) -> None:
        self.model = model
        self.task = model.task
        self.sides = model.settings.modalities
        self.hears = "speech" in self.sides or model.transcriber is not None
        self.reads = "text" in self.sides
        self.by_speech = model.settings.takes_either and model.transcriber is None
        self.writes_nothing = Model(model.settings, model.engine)  # asked for speech alone, it transcribes nothing

    def steps(
        self, recording: str | None, text: str | None, window: Seconds, channel: int | None = None
    ) -> Iterator[PartialAnswer]:
        """Yield what is known, more from step to step; a long recording takes many.

        Args:
            recording: a file.
            text: what is said in it.
            window: of the timeline.
            channel: the only one to hear, counted from 1; all, mixed, when None.

        Raises:
            UserError: if it cannot be used.
        """
        clip = self._clip(recording, text, channel)
        seconds = self._duration(clip)
        yield PartialAnswer(of=seconds)
        over: Sequence[Prediction] = ()
        if seconds > BATCH_SECONDS:
            self._require_windows(seconds)
            for over in self._windows(clip, BATCH_SECONDS / 2, BATCH_SECONDS / 2):
                yield PartialAnswer(answered=over[-1].end or 0.0, of=seconds)
            whole = self._mean(over, clip)
        else:
            whole = self._answer(self.model, clip)
        answer = PartialAnswer(whole, self._alone(clip, whole.transcript, seconds))
        if why_not := self._no_timeline(seconds, window):
            yield replace(answer, over=Answers(why_not=why_not))
            return
        how = "by speech alone" if self.by_speech else ""
        for over in self._windows(clip, window) if seconds else ():
            answer = replace(answer, over=Answers(over, how=how))
            yield replace(answer, answered=over[-1].end or 0.0, of=seconds)
        yield answer

    def transcribe(self, recording: str | None, channel: int | None = None) -> str:
        """Return what is said in a recording, or in one channel of it.

        Raises:
            UserError: if there is none, it cannot be used, or it is longer than what is heard at once.
        """
        if recording is None or self.model.transcriber is None:
            raise UserError("there is no recording to transcribe: give one")
        clip = self._clip(recording, None, channel)
        if self._duration(clip) > BATCH_SECONDS:
            raise UserError(
                f"{_minutes(self._duration(clip))} is more than the {BATCH_SECONDS:g} s that are transcribed at once: "
                "leave the transcript empty, and each window's own words are written when the model is asked"
            )
        [transcript] = self.model.transcriber([hear(clip, None, BATCH_SECONDS)[0]])
        if transcript is None:
            raise UserError("the memory is too small for this recording: give a shorter one")
        if not transcript:
            raise UserError("no words were recognised in the recording: write what is said yourself")
        return transcript

    def _clip(self, recording: str | None, text: str | None, channel: int | None) -> Clip:
        """Return what was given, without what the model does not take."""
        words = (text or "").strip() if self.reads else ""
        if recording is None or not self.hears:
            return Clip(None, words or None, name="")
        if not os.path.isfile(recording):
            raise UserError("the recording is gone, since uploads are deleted after ten minutes: give it again")
        return Clip(recording, words or None, name="the recording", channel=channel)

    def _duration(self, clip: Clip) -> Seconds:
        seconds = duration(clip) if clip.audio is not None else 0.0
        if seconds > self.LONGEST:
            raise UserError(
                f"{clip.called} lasts {seconds / 60:.0f} minutes, but this page takes {self.LONGEST / 60:.0f}; "
                "ask `mser predict --window` instead"
            )
        return seconds

    def _require_windows(self, seconds: Seconds) -> None:
        """Refuse a recording that is too long to be heard at once where it cannot be heard window by window."""
        if why_not := self._no_windows():
            raise UserError(
                f"the recording lasts {_minutes(seconds)}, which is too long to be heard at once (at most "
                f"{BATCH_SECONDS:g} s), and {why_not}: give a shorter one"
            )

    def _no_windows(self) -> str:
        if self.reads and self.model.transcriber is None and not self.by_speech:
            return "nobody knows in which window the words are (a page that was started with --asr writes them itself)"
        return ""

    def _no_timeline(self, seconds: Seconds, window: Seconds) -> str:
        if not seconds:
            return ""
        if seconds <= window:
            return "The recording is no longer than one window, so there is no timeline."
        return f"There is no timeline: {self._no_windows()}." if self._no_windows() else ""

    def _windows(self, clip: Clip, window: Seconds, hop: Seconds | None = None) -> Iterator[list[Prediction]]:
        """Yield the answers to windows of a recording, more each time: as many as are heard at once."""
        parts = cut([replace(clip, transcript=None)], way_to_cut("window", window, hop), reads=self.reads)
        several, answers = max(1, int(BATCH_SECONDS / window)), list[Prediction]()
        while some := list(islice(parts, several)):
            answers += map(_for_visitors, self.model.stream(some))
            yield list(answers)

    def _alone(self, clip: Clip, words: str | None, seconds: Seconds) -> Answers:
        """Return the answers to speech alone and to the words alone."""
        if len(self.sides) < 2:
            return Answers()
        if not self.model.settings.takes_either:
            return Answers(why_not="Which side decided cannot be told: this model was never trained with one missing.")
        if seconds > BATCH_SECONDS:
            return Answers(why_not="The recording is too long to compare both sides on the whole of it.")
        if clip.audio is None or not words:
            return Answers(why_not="Give both speech and text to see how much each decided.")
        sides = replace(clip, transcript=None), replace(clip, audio=None, transcript=words)
        return Answers([self._answer(self.writes_nothing, side) for side in sides])

    def _answer(self, model: Model, clip: Clip) -> Prediction:
        [answer] = map(_for_visitors, model.stream([clip]))
        if answer.error:
            raise UserError(answer.error)
        return answer

    def _mean(self, answers: Sequence[Prediction], clip: Clip) -> Prediction:
        """Return the mean of what was told of windows; what was not told is counted."""
        answered = [answer for answer in answers if not answer.error]
        if not answered:
            raise UserError(answers[0].error)
        values = _mean_values(self.task, answered)
        many = f"{len(answered)} of {len(answers)}" if len(answered) < len(answers) else str(len(answered))
        notes = [MADE_UP] if self.model.settings.made_up else []
        notes.append(f"mean over {many} windows, since the recording is too long to be heard at once")
        if clip.transcript:
            notes.append("the transcript was not read, since nobody knows in which window its words are")
        first = replace(answered[0], start=0.0, end=None, transcript=None, transcript_from="", note="; ".join(notes))
        first = replace(first, unlike_training="", recording={})  # of a window, which is no recording
        if isinstance(self.task, ScoreSet):
            return replace(first, scores=values)
        shares = np.array(list(values.values()))
        label, abstain = decision(self.task, shares.tolist()), self.model.abstains(shares)
        return replace(first, probabilities=values, label=label, abstain=abstain)


def _mean_values(task: Task, answered: Sequence[Prediction]) -> dict[str, float]:
    return {
        label: float(np.mean([(answer.scores or answer.probabilities)[label] for answer in answered]))
        for label in task.labels
    }


def _for_visitors(answer: Prediction) -> Prediction:
    """Return an answer whose error speaks of the page, not of the command line."""
    return replace(answer, error=answer.error.replace(NEEDS_TEXT, _NEEDS_TEXT)) if answer.error else answer


def _minutes(seconds: Seconds) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} minutes"
