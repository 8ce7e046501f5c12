"""What was said over time, by recording and speaker, in memory that does not grow with the recording. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mser.manifest import Seconds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mser.predict.rows_there import Row
    from mser.use.prediction import Prediction

BINS = 512
_FINEST: Seconds = 0.05


class Lane:
    """The answers to one speaker of one recording, as means over short stretches of time.

    Args:
        labels: what is told, in the order of the answers.

    Attributes:
        width: seconds of a stretch; doubled whenever a recording goes beyond the last one.

    Example:
        >>> lane = Lane(["sad", "happy"])
        >>> lane.add(0.0, 10.0, [1.0, 0.0]); lane.add(5.0, 20.0, [0.0, 1.0])
        >>> [lane.at(time).round(3).tolist() for time in (2.0, 7.0, 15.0)]
        [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
        >>> lane.end, lane.width
        (20.0, 0.05)
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.width, self.end = _FINEST, 0.0
        self._sums = np.zeros((BINS, len(labels)))
        self._weights = np.zeros(BINS)

    def add(self, start: Seconds, end: Seconds, answer: Sequence[float]) -> None:
        """Add what was told of a clip."""
        while end > BINS * self.width:
            self._coarser()
        first, last = start / self.width, end / self.width
        edges = np.arange(int(first), min(int(np.ceil(last)), BINS))
        seconds = (np.minimum(edges + 1, last) - np.maximum(edges, first)) * self.width
        self._sums[edges] += seconds[:, None] * np.asarray(answer)
        self._weights[edges] += seconds
        self.end = max(self.end, end)

    def means(self) -> NDArray[np.float64]:
        """Return (stretches, labels), up to the end; NaN where nothing was told."""
        used = min(int(np.ceil(self.end / self.width)), BINS)
        with np.errstate(invalid="ignore"):
            return np.asarray(self._sums[:used] / self._weights[:used, None])

    def mean(self) -> NDArray[np.float64]:
        """Return (labels,), the mean over the time of which something was told."""
        return np.asarray(self._sums.sum(0) / self._weights.sum())

    def at(self, time: Seconds) -> NDArray[np.float64]:
        """Return (labels,) of the stretch that a time is in."""
        return np.asarray(self.means()[int(time / self.width)])

    def _coarser(self) -> None:
        """Let each stretch be two of before."""
        self.width *= 2
        for held in (self._sums, self._weights):
            half = held.reshape(BINS // 2, 2, *held.shape[1:]).sum(1)
            held[: BINS // 2], held[BINS // 2 :] = half, 0


class Timeline:
    """The lanes of all speakers of all recordings, in the order in which they come.

    Args:
        labels: what the model tells.
        scores: whether it tells scores.
    """

    def __init__(self, labels: Sequence[str], *, scores: bool) -> None:
        self.labels, self.scores = list(labels), scores
        self.lanes: dict[tuple[str, str], Lane] = {}

    def see(self, prediction: Prediction) -> None:
        """Add an answer."""
        end = prediction.end if prediction.end is not None else prediction.start + (prediction.seconds or 0.0)
        if not prediction.error:
            self._add(
                prediction.audio,
                prediction.speaker,
                prediction.start,
                end,
                prediction.scores or prediction.probabilities,
            )

    def read(self, rows: Iterable[Row]) -> None:
        """Add the rows of a file of answers."""
        prefix = "" if self.scores else "p_"
        for row in rows:
            if row["error"]:
                continue
            start = float(row["start"] or 0)
            end = float(row["end"]) if row["end"] not in (None, "") else start + float(row["seconds"] or 0)
            values = {label: float(row[f"{prefix}{label}"]) for label in self.labels}
            self._add(row["audio"], row.get("speaker") or "", start, end, values)

    def _add(self, audio: str, speaker: str, start: Seconds, end: Seconds, values: Mapping[str, float]) -> None:
        if end > start:
            lane = self.lanes.setdefault((audio, speaker), Lane(self.labels))
            lane.add(start, end, [values[label] for label in self.labels])
