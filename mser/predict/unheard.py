"""Recordings in which no speech was found, and which were answered whole: how many, and of which class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mser.use.prediction import Prediction
from mser.use.segments import UNHEARD


class Unheard:
    """Counts the recordings in which the detector of speech found none.

    Args:
        label: the column of the table that tells the class, of which `--keep` gives the cells.
    """

    def __init__(self, label: str = "label") -> None:
        self.label = label
        self._last = ""
        self._of_class: Counter[str] = Counter()

    def see(self, prediction: Prediction, kept: Mapping[str, str]) -> None:
        """Take one answer, of which a long recording has several in turn, and what its row says."""
        if UNHEARD not in prediction.note or prediction.audio == self._last:
            return
        self._last = prediction.audio
        self._of_class[kept.get(self.label, "")] += 1

    def line(self) -> str:
        """Return what there is to say; nothing where there were none."""
        if not (number := self._of_class.total()):
            return ""
        named = ", ".join(f"{name} {times}" for name, times in self._of_class.most_common() if name)
        recordings = "1 recording" if number == 1 else f"{number} recordings"
        return f"no speech was found in {recordings}{f' ({named})' if named else ''}, answered whole all the same"
