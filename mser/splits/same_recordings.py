"""Which utterances are copies of which by what is heard: equal files, parts of one file, re-encoded recordings."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import NamedTuple

from mser.manifest import Seconds, Utterance

_MUCH = 0.5  # of the shorter of two segments of one file: below that they are neighbours, not copies


class Clip(NamedTuple):
    """A part of a file: its path below the corpus's root, and seconds from its beginning, to infinity for the whole."""

    audio: str
    start: Seconds
    end: float


@dataclass(frozen=True)
class Recordings:
    """What is heard in the utterances of a corpus.

    Attributes:
        utterances: by id.
        clip_of: id of an utterance to the clip that it is; clips of equal files are equal. Words alone are no clip.
        near: clip to the others that are copies of it, overlapping parts of its file and other versions of its sound,
            where there are any.
        apart: the pairs of clips (first < second) of `near` that overlap in less than half of the shorter one.
        unheard: the ids of those that are too short, too quiet or too steady for their sound to be compared.
    """

    utterances: Mapping[str, Utterance]
    clip_of: Mapping[str, Clip]
    near: Mapping[Clip, frozenset[Clip]]
    apart: frozenset[tuple[Clip, Clip]]
    unheard: frozenset[str]

    @classmethod
    def of(cls, utterances: Iterable[Utterance], root: Path) -> Recordings:
        """Listen to utterances; what was heard before is remembered (`mser.splits.recording_copies.listen`).

        Raises:
            UserError: if an audio file cannot be read.
        """
        from mser.splits.recording_copies import listen  # numpy, which commands that only read need not

        known = {utterance.id: utterance for utterance in utterances}
        recorded = {name: utterance for name, utterance in known.items() if utterance.audio}
        heard = listen(recorded.values(), root)
        clip_of = {
            name: Clip(heard.stands_for[utterance.audio], utterance.start, _end(utterance))
            for name, utterance in recorded.items()
        }
        near: dict[Clip, set[Clip]] = defaultdict(set)
        overlapping = dict(_overlapping(set(clip_of.values())))
        for left, right in [*overlapping, *heard.copies]:
            near[left].add(right)
            near[right].add(left)
        apart = {pair for pair, share in overlapping.items() if share < _MUCH} - set(heard.copies)
        unheard = frozenset(name for name, clip in clip_of.items() if clip in heard.unheard)
        return cls(known, clip_of, {clip: frozenset(all_) for clip, all_ in near.items()}, frozenset(apart), unheard)

    def shared(self, left: Iterable[str], right: Iterable[str]) -> int:
        """Return how many pairs of an utterance of `left` and one of `right` are copies."""
        there = self._by_clip(left)
        return sum(len(there.get(clip, ())) for name in self._clips(right) for clip in self._near(self.clip_of[name]))

    def same_file(self, left: Iterable[str], right: Iterable[str]) -> int:
        """Return how many of `right` are in equal files, or overlapping parts of one file, in `left`."""
        there = self._by_clip(left)
        return sum(
            any(clip in there and clip.audio == own.audio for clip in self._near(own))
            for own in (self.clip_of[name] for name in self._clips(right))
        )

    def pairs(self, left: Iterable[str], right: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the ids of each pair that `shared` counts."""
        there = self._by_clip(left)
        for name in self._clips(right):
            for clip in sorted(self._near(self.clip_of[name]) & there.keys()):
                yield from ((other, name) for other in there[clip])

    def copies(self) -> Iterator[tuple[str, str]]:
        """Yield the ids of every two utterances that are copies for a good part, each pair once."""
        there = self._by_clip(self.clip_of)
        for clip, names in there.items():
            yield from combinations(names, 2)
            for other in sorted(self.near.get(clip, ())):
                if clip < other and (clip, other) not in self.apart:
                    yield from product(names, there[other])

    def told(self, first: str, second: str) -> str:
        """Return a pair in words, such as ``a.wav = b.wav; speakers 46 and 53``."""
        left, right = self.utterances[first], self.utterances[second]
        # Files of recordings that lay in a table are named after what they hold, which tells nobody anything.
        by_name = not os.path.isabs(left.audio) and not os.path.isabs(right.audio)
        by_file = by_name and left.audio != right.audio and _end(left) == _end(right) == float("inf")
        copy = f"{left.audio} = {right.audio}" if by_file else f"{first} = {second}"
        if left.speaker and left.speaker == right.speaker:
            return f"{copy}; speaker {left.speaker}"
        return f"{copy}; speakers {left.speaker or 'unknown'} and {right.speaker or 'unknown'}"

    def split_files(self, left: Iterable[str], right: Iterable[str]) -> int:
        """Return of how many files segments of other groups are in `left` and in `right` that do not overlap."""
        groups: dict[str, set[str]] = defaultdict(set)
        clips: dict[str, set[Clip]] = defaultdict(set)
        for name in self._clips(left):
            groups[self.clip_of[name].audio].add(self.utterances[name].group)
            clips[self.clip_of[name].audio].add(self.clip_of[name])
        files_split = set()
        for name in self._clips(right):
            clip = self.clip_of[name]
            if groups[clip.audio] - {self.utterances[name].group} and not self._near(clip) & clips[clip.audio]:
                files_split.add(clip.audio)
        return len(files_split)

    def _near(self, clip: Clip) -> frozenset[Clip]:
        """Return the copies of a clip, and itself."""
        return self.near.get(clip, frozenset()) | {clip}

    def _by_clip(self, names: Iterable[str]) -> dict[Clip, list[str]]:
        utterances_by_clip: dict[Clip, list[str]] = defaultdict(list)
        for name in self._clips(names):
            utterances_by_clip[self.clip_of[name]].append(name)
        return utterances_by_clip

    def _clips(self, names: Iterable[str]) -> Iterable[str]:
        return (name for name in names if name in self.clip_of)


def _end(utterance: Utterance) -> float:
    return float("inf") if utterance.end is None else utterance.end


def _overlapping(clips: Iterable[Clip]) -> Iterator[tuple[tuple[Clip, Clip], float]]:
    """Yield the parts of one file that overlap, and how much of the shorter one does."""
    open_: list[Clip] = []
    for clip in sorted(clips):
        open_ = [utterance for utterance in open_ if utterance.audio == clip.audio and clip.start < utterance.end]
        for utterance in open_:
            shorter = min(utterance.end - utterance.start, clip.end - clip.start)
            yield (
                (utterance, clip),
                (min(utterance.end, clip.end) - clip.start) / shorter if shorter < float("inf") else 1.0,
            )
        open_.append(clip)
