"""Live speech on the page: what comes from the microphone, window after window. Knows nothing of pages."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from mser.app.asking import Answers, PartialAnswer
from mser.audio.recording import opened
from mser.audio.wav import BadAudioError
from mser.errors import UserError
from mser.manifest import Seconds
from mser.use.live_windows import Listening, LiveWindow
from mser.use.model import Model, Prediction
from mser.use.prepared import require_listener
from mser.use.segments import Windows

if TYPE_CHECKING:
    from mser.audio.recording import Frames

_SHOWN = 60  # answers


def can_listen(model: Model) -> bool:
    """Return whether a model can tell anything of speech alone."""
    try:
        require_listener(model.settings, asr=model.transcriber is not None)
    except UserError:
        return False
    return True


class Live:
    """What one visitor's microphone has brought so far.

    Args:
        model: any that listens.
        window: seconds of a window; the next one begins half of it later.
    """

    def __init__(self, model: Model, window: Seconds) -> None:
        self.model = model
        self.listening = Listening(Windows(window, window / 2))
        self.answers: deque[Prediction] = deque(maxlen=_SHOWN)

    def hear(self, path: str) -> PartialAnswer | None:
        """Return what is known after a piece of sound; None while the first window is not full.

        Args:
            path: of the piece, a file as the browser sends it.

        Raises:
            UserError: if it is no sound, or of another rate than those before.
        """
        return self._known(self.listening.add(_samples(path)))

    def finish(self) -> PartialAnswer | None:
        """Return what is known once the microphone is off."""
        return self._known(self.listening.finish())

    def _known(self, windows: Iterable[LiveWindow]) -> PartialAnswer | None:
        # A machine that is slower than speech leaves windows out rather than fall behind.
        self.answers.extend(map(self.model.answer_window, islice(reversed(list(windows)), 1)))
        if not self.answers:
            return None
        last = self.answers[-1]
        if last.error:
            raise UserError(last.error)
        return PartialAnswer(last, over=Answers(list(self.answers)))


def _samples(path: str) -> tuple[int, Frames]:
    try:
        with opened(path) as recording:
            return recording.rate, recording.read(0, recording.frames)
    except BadAudioError as error:
        raise UserError(f"what the microphone sent {error}; start it again") from error
