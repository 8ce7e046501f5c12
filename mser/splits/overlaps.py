"""Parts of files, and which of them overlap; memory grows with their number, not with that of the pairs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mser.manifest import Seconds


class Clip(NamedTuple):
    """A part of a file: its path below the corpus's root, and seconds from its beginning, to infinity for the whole."""

    audio: str
    start: Seconds
    end: float

    def share(self, other: Clip) -> float:
        """Return how much of the shorter of two clips is in both, 0 to 1.

        Example:
            >>> Clip("a.wav", 0, 4).share(Clip("a.wav", 3, 5)), Clip("a.wav", 0, 4).share(Clip("a.wav", 4, 5))
            (0.5, 0.0)
        """
        if self.audio != other.audio:
            return 0.0
        common = max(0.0, min(self.end, other.end) - max(self.start, other.start))
        shorter = min(self.end - self.start, other.end - other.start)
        return common / shorter if shorter < float("inf") else 1.0


class Overlaps:
    """Answers which of some clips overlap another, equal ones among them.

    Args:
        clips: some of them several times, if need be.

    Example:
        >>> overlaps = Overlaps([Clip("a.wav", 0, 4), Clip("a.wav", 3, 5), Clip("a.wav", 3, 5), Clip("b.wav", 0, 9)])
        >>> overlaps.number(Clip("a.wav", 4, 6)), overlaps.number(Clip("a.wav", 5, 6))
        (2, 0)
    """

    def __init__(self, clips: Iterable[Clip]) -> None:
        self._clips: dict[str, list[Clip]] = defaultdict(list)
        for clip in clips:
            self._clips[clip.audio].append(clip)
        for of_file in self._clips.values():
            of_file.sort()
        self._ends = {audio: sorted(clip.end for clip in of_file) for audio, of_file in self._clips.items()}

    def __contains__(self, clip: Clip) -> bool:
        """Return whether a clip is one of them."""
        of_file = self._clips.get(clip.audio, [])
        place = bisect_left(of_file, clip)
        return clip in of_file[place : place + 1]

    def number(self, clip: Clip) -> int:
        """Return how many overlap a clip: those that begin before its end, less those that end before it begins."""
        return self._before(clip) - bisect_right(self._ends.get(clip.audio, ()), clip.start)

    def of(self, clip: Clip) -> list[Clip]:
        """Return those that overlap a clip, sorted."""
        if not self.number(clip):
            return []
        return [other for other in self._clips[clip.audio][: self._before(clip)] if other.end > clip.start]

    def after(self, clip: Clip) -> Iterator[Clip]:
        """Yield those that overlap a clip and are sorted behind it."""
        of_file = self._clips.get(clip.audio, [])
        yield from of_file[bisect_right(of_file, clip) : self._before(clip)]

    def _before(self, clip: Clip) -> int:
        return bisect_left(self._clips.get(clip.audio, ()), (clip.audio, clip.end))
