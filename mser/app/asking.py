"""What the page asks of a model: the whole recording, each side alone, and window by window. Knows nothing of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from mser.errors import UserError
from mser.labels import ScoreSet, Task
from mser.manifest import Seconds
from mser.tasks import decision
from mser.use.clips import Clip, duration
from mser.use.model import BATCH_SECONDS, Model
from mser.use.prediction import Prediction
from mser.use.segments import cut, way_to_cut


@dataclass(frozen=True)
class Told:
    """Several answers, or why there are none.

    Attributes:
        answers: by what was asked.
        why_not: empty if there are answers.
        how: what of each clip was asked about, where that is not all of it.
    """

    answers: Sequence[Prediction]
    why_not: str = ""
    how: str = ""


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

    def whole(self, recording: str | None, text: str) -> Prediction:
        """Return the answer to all there is; of a recording that is too long to be heard at once the windows' mean.

        Raises:
            UserError: if it cannot be used.
        """
        clip = self._clip(recording, text)
        if recording is None or duration(clip) <= BATCH_SECONDS:
            return self._answer(clip)
        over = self.over_time(recording, BATCH_SECONDS / 2)
        if over.why_not:
            raise UserError(f"the recording lasts more than {BATCH_SECONDS:g} s, which is too long to be heard at once")
        return _mean(self.task, over.answers)

    def alone(self, recording: str | None, text: str) -> Told:
        """Return the answers to speech alone and to text alone."""
        if len(self.sides) < 2:
            return Told((), f"This model takes {self.sides[0]} alone.")
        if not self.model.settings.takes_either:
            return Told((), "Which side decided cannot be told: this model was never trained with one of them missing.")
        if recording is None or not text.strip():
            return Told((), "Give both speech and text to see how much each decided.")
        if duration(self._clip(recording, "")) > BATCH_SECONDS:
            return Told((), "The recording is too long to compare both sides on the whole of it.")
        return Told([self._answer(self._clip(recording, "")), self._answer(self._clip(None, text))])

    def over_time(self, recording: str | None, window: Seconds) -> Told:
        """Return the answers to windows of a recording, each beginning half a window after the one before."""
        if "speech" not in self.sides or recording is None:
            return Told(())
        clip = self._clip(recording, "")
        if duration(clip) <= window:
            return Told((), "The recording is no longer than one window, so there is no timeline.")
        if "text" in self.sides and not (self.model.settings.takes_either or self.model.transcriber):
            return Told(
                (), "There is no timeline: nobody knows in which window the words are (--asr would write them)."
            )
        parts = cut([clip], way_to_cut("window", window, window / 2), reads="text" in self.sides)
        answers = list(self.model.stream(parts))
        alone = len(self.sides) == 2 and self.model.transcriber is None
        return Told(answers, how="by speech alone" if alone else "")

    def _clip(self, recording: str | None, text: str) -> Clip:
        if recording is None:
            return Clip(None, text or None, name="")
        clip = Clip(recording, text.strip() or None, name=Path(recording).name)
        if duration(clip) > self.LONGEST:
            raise UserError(
                f"{clip.called} lasts {duration(clip) / 60:.0f} minutes, but this page takes {self.LONGEST / 60:.0f}; "
                "ask `mser predict --window` instead"
            )
        return clip

    def _answer(self, clip: Clip) -> Prediction:
        [answer] = self.model.stream([clip])
        if answer.error:
            raise UserError(answer.error)
        return answer


def _mean(task: Task, answers: Sequence[Prediction]) -> Prediction:
    told = [one for one in answers if not one.error]
    if not told:
        raise UserError(answers[0].error)
    values = {
        label: float(np.mean([(one.scores or one.probabilities)[label] for one in told])) for label in task.labels
    }
    note = f"mean over {len(told)} windows, since the recording is too long to be heard at once"
    if isinstance(task, ScoreSet):
        return replace(told[0], scores=values, start=0.0, end=None, note=note)
    label = decision(task, list(values.values()))
    return replace(told[0], probabilities=values, label=label, note=note)
