"""What is said of all recordings of a run together: whether they are like those that the model was trained on."""

from __future__ import annotations

from collections import Counter

from mser.everyday.unlike_training import USUAL, run_lines
from mser.use.prediction import Prediction
from mser.use.settings import Settings

_MOST = 100_000
_CANNOT_TELL = (
    "this model folder does not know how its training recordings were, so nobody can tell whether these are like them; "
    "export the model again from a run that keeps cues.csv"
)


class Likeness:
    """Gathers how the recordings were that a model answered about, of at most the first 100,000.

    Args:
        settings: of the model.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.recordings: list[dict[str, float]] = []
        self._answered = False
        self._read, self._transcripts = 0, Counter[str]()

    def see(self, prediction: Prediction) -> None:
        """Take one answer."""
        self._answered = self._answered or "speech" in prediction.used
        self._read += "text" in prediction.used
        self._transcripts.update(filter(None, prediction.unlike_transcripts.split("; ")))
        if prediction.recording and len(self.recordings) < _MOST:
            self.recordings.append(prediction.recording)

    def lines(self, *, written: bool) -> list[str]:
        """Return what there is to say, a line each; that a folder does not know, only of a file that was written."""
        lines = [
            f"of {number} of {self._read} transcripts: {reason}: answers may shift"
            for reason, number in self._transcripts.most_common()
            if number > USUAL * self._read
        ]
        if self.settings.recordings is None:
            return [*([_CANNOT_TELL] if written and self._answered else []), *lines]
        return [*run_lines(self.recordings, self.settings.recordings), *lines]
