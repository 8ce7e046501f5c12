"""Parts of files, and which of them overlap; memory grows with their number, not with that of the pairs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mser.manifest import Seconds, Utterance


class Clip(NamedTuple):
    """A part of a file: its path below the corpus's root, and seconds from its beginning, to infinity for the whole.

    `channel` counts from 1; 0 is all of them, mixed, which has something in common with each.
    """

    audio: str
    start: Seconds
    end: float
    channel: int = 0

    @classmethod
    def of(cls, utterance: Utterance, audio: str) -> Clip:
        """Return an utterance's part of a file."""
        end = float("inf") if utterance.end is None else utterance.end
        return cls(audio, utterance.start, end, utterance.channel or 0)

    def share(self, other: Clip) -> float:
        """Return how much of the shorter of two clips is in both, 0 to 1.

        Example:
            >>> Clip("a.wav", 0, 4).share(Clip("a.wav", 3, 5)), Clip("a.wav", 0, 4).share(Clip("a.wav", 4, 5))
            (0.5, 0.0)
        """
        if self.audio != other.audio or (self.channel and other.channel and self.channel != other.channel):
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
        self._clips: dict[str, dict[int, list[Clip]]] = defaultdict(lambda: defaultdict(list))
        for clip in clips:
            self._clips[clip.audio][clip.channel].append(clip)
        for of_file in self._clips.values():
            for of_channel in of_file.values():
                of_channel.sort()
        self._ends = {
            (audio, channel): sorted(clip.end for clip in of_channel)
            for audio, of_file in self._clips.items()
            for channel, of_channel in of_file.items()
        }

    def __contains__(self, clip: Clip) -> bool:
        """Return whether a clip is one of them."""
        of_channel = self._clips.get(clip.audio, {}).get(clip.channel, [])
        place = bisect_left(of_channel, clip)
        return clip in of_channel[place : place + 1]

    def number(self, clip: Clip) -> int:
        """Return how many overlap a clip: those that begin before its end, less those that end before it begins."""
        return sum(
            _before(clip, there) - bisect_right(self._ends[clip.audio, there[0].channel], clip.start)
            for there in self._beside(clip)
        )

    def of(self, clip: Clip) -> list[Clip]:
        """Return those that overlap a clip, sorted."""
        if not self.number(clip):
            return []
        every = (other for there in self._beside(clip) for other in there[: _before(clip, there)])
        return sorted(other for other in every if other.end > clip.start)

    def after(self, clip: Clip) -> Iterator[Clip]:
        """Yield those that overlap a clip and are sorted behind it."""
        for there in self._beside(clip):
            yield from there[bisect_right(there, clip) : _before(clip, there)]

    def _beside(self, clip: Clip) -> list[list[Clip]]:
        """Return those of its file, by channel, that hold something of the clip's."""
        of_file = self._clips.get(clip.audio, {})
        return [
            there for channel, there in of_file.items() if not (channel and clip.channel) or channel == clip.channel
        ]


def _before(clip: Clip, there: list[Clip]) -> int:
    return bisect_left(there, (clip.audio, clip.end))
