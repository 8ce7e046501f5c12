"""Speech that comes piece by piece, cut into the windows that it would be cut into once it is whole. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mser.audio.decoding import Samples
from mser.errors import UserError
from mser.manifest import Seconds
from mser.use.clips import Clip, mixed
from mser.use.segments import Windows

_MS = 1e-3


@dataclass(frozen=True, eq=False)
class LiveWindow:
    """One window of what was heard.

    Attributes:
        start: seconds since the beginning.
        end: where it ends.
        clip: its samples.
    """

    start: Seconds
    end: Seconds
    clip: Clip


class Listening:
    """Gathers chunks until there is a window; no more than that is held.

    Args:
        by: the windows, which are those of a recording of all chunks.
        rate: of chunks that come without one, in Hz.

    Example:
        >>> listening = Listening(Windows(4.0, 3.0), rate=10)
        >>> chunks = [np.arange(25.0)] * 5
        >>> found = [(one.start, one.end) for chunk in chunks for one in listening.add(chunk)]
        >>> found + [(one.start, one.end) for one in listening.finish()]
        [(0.0, 4.0), (3.0, 7.0), (6.0, 10.0), (8.5, 12.5)]
        >>> found == [span[:2] for span in Windows(4.0, 3.0).over(0.0, 12.5)][:3]
        True
    """

    def __init__(self, by: Windows, rate: int | None = None) -> None:
        self.by, self.rate = by, rate
        self._kept: Samples = np.zeros(0, np.float32)
        self._first = 0  # which sample the first one that is kept is
        self._chunks = self._windows = 0
        self._last: Seconds = -1.0  # start of the last window

    def add(self, chunk: Any) -> Iterator[LiveWindow]:
        """Yield the windows that a chunk completes.

        Args:
            chunk: samples (N,) or (N, channels), floats in [-1, 1] or integers; or a pair of their rate and these.

        Raises:
            UserError: if it is no sound, or of another rate than those before.
        """
        self._chunks += 1
        given, samples = chunk if isinstance(chunk, tuple) else (self.rate, chunk)
        if self.rate is None:
            self.rate = given
        if given != self.rate:
            raise UserError(
                f"chunk {self._chunks} is of {given} Hz, but {self.rate} Hz were listened to; send all at one rate"
            )
        if np.size(samples):
            self._kept = np.concatenate([self._kept, mixed(Clip(samples, sample_rate=self.rate))])
        return self._complete()

    def finish(self) -> Iterator[LiveWindow]:
        """Yield the window that ends where the chunks do, unless it was there already."""
        rate = self.rate or 1
        end = (self._first + len(self._kept)) / rate
        start = round(max(0.0, end - self.by.window), 3)
        if end and (self._last < 0 or start - self._last > _MS):
            yield self._window(start, end)

    def _complete(self) -> Iterator[LiveWindow]:
        rate = self.rate or 1
        while True:
            start = round(self._windows * self.by.hop, 3)
            end = round(start + self.by.window, 3)
            self._forget(min(round(start * rate), self._first + len(self._kept) - round(self.by.window * rate)))
            if self._first + len(self._kept) < round(end * rate):
                return
            self._windows, self._last = self._windows + 1, start
            yield self._window(start, end)

    def _forget(self, first: int) -> None:
        """Keep nothing from before a sample, nor before what the last window needs."""
        gone = first - self._first
        if gone > 0:
            self._kept, self._first = self._kept[gone:], first

    def _window(self, start: Seconds, end: Seconds) -> LiveWindow:
        rate = self.rate or 1
        part = self._kept[round(start * rate) - self._first : round(end * rate) - self._first]
        return LiveWindow(start, end, Clip(part.copy(), sample_rate=rate))
