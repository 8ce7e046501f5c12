"""Which utterances are copies of which by what is heard: equal files, parts of one file, re-encoded recordings."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

from mser.manifest import Utterance
from mser.splits.overlaps import Clip, Overlaps

_MUCH = 0.5  # of the shorter of two segments of one file: below that they are neighbours, not copies


@dataclass(frozen=True)
class Recordings:
    """What is heard in the utterances of a corpus.

    Attributes:
        utterances: by id.
        clip_of: id of an utterance to the clip that it is; clips of equal files are equal. Words alone are no clip.
        alike: clip to the others that sound like it, where there are any; those that overlap it may be among them.
        unheard: the ids of those that are too short, too quiet or too steady for their sound to be compared.
    """

    utterances: Mapping[str, Utterance]
    clip_of: Mapping[str, Clip]
    alike: Mapping[Clip, frozenset[Clip]]
    unheard: frozenset[str]

    @classmethod
    def of(cls, utterances: Iterable[Utterance], root: Path) -> Recordings:
        """Listen to utterances; what was heard before is remembered (`mser.splits.recording_copies.listen`).

        Raises:
            UserError: if an audio file cannot be read.
        """
        from mser.splits.recording_copies import listen  # numpy, which commands that only read need not

        by_id = {utterance.id: utterance for utterance in utterances}
        listened = listen((utterance for utterance in by_id.values() if utterance.audio), root)
        clip_of = {
            name: Clip.of(utterance, listened.stands_for[utterance.audio])
            for name, utterance in by_id.items()
            if utterance.audio
        }
        alike: dict[Clip, set[Clip]] = defaultdict(set)
        for left, right in listened.copies:
            alike[left].add(right)
            alike[right].add(left)
        unheard = frozenset(name for name, clip in clip_of.items() if clip in listened.unheard)
        return cls(by_id, clip_of, {clip: frozenset(all_) for clip, all_ in alike.items()}, unheard)

    def shared(self, left: Iterable[str], right: Iterable[str]) -> int:
        """Return how many pairs of an utterance of `left` and one of `right` are copies."""
        there = self._by_clip(left)
        overlaps = Overlaps(self.clip_of[name] for name in self._clips(left))
        return sum(
            overlaps.number(own) + sum(len(there.get(clip, ())) for clip in self._elsewhere(own))
            for own in (self.clip_of[name] for name in self._clips(right))
        )

    def same_file(self, left: Iterable[str], right: Iterable[str]) -> int:
        """Return how many of `right` are in equal files, or overlapping parts of one file, in `left`."""
        there = Overlaps(self.clip_of[name] for name in self._clips(left))
        return sum(self._in_one_file(self.clip_of[name], there) for name in self._clips(right))

    def pairs(self, left: Iterable[str], right: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the ids of each pair that `shared` counts."""
        there = self._by_clip(left)
        overlaps = Overlaps(there)
        for name in self._clips(right):
            own = self.clip_of[name]
            for clip in sorted([*overlaps.of(own), *(self._elsewhere(own) & there.keys())]):
                yield from ((other, name) for other in there[clip])

    def copies(self) -> Iterator[tuple[str, str]]:
        """Yield the ids of every two utterances that are copies for a good part, each pair once."""
        there = self._by_clip(self.clip_of)
        overlaps = Overlaps(there)
        for clip, names in there.items():
            yield from combinations(names, 2)
            much = {other for other in overlaps.after(clip) if clip.share(other) >= _MUCH}
            for other in sorted(much | {other for other in self.alike.get(clip, ()) if clip < other}):
                yield from product(names, there[other])

    def in_words(self, first: str, second: str) -> str:
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
        there = Overlaps(self.clip_of[name] for name in self._clips(left))
        for name in self._clips(left):
            groups[self.clip_of[name].audio].add(self.utterances[name].group)
        files_split = set()
        for name in self._clips(right):
            clip = self.clip_of[name]
            if groups[clip.audio] - {self.utterances[name].group} and not self._in_one_file(clip, there):
                files_split.add(clip.audio)
        return len(files_split)

    def _elsewhere(self, clip: Clip) -> set[Clip]:
        """Return those that sound like a clip and do not overlap it."""
        return {other for other in self.alike.get(clip, ()) if not clip.share(other)}

    def _in_one_file(self, clip: Clip, there: Overlaps) -> bool:
        """Return whether any of some clips is a copy of a clip and in its file."""
        return bool(there.number(clip)) or any(
            other in there for other in self.alike.get(clip, ()) if other.audio == clip.audio
        )

    def _by_clip(self, names: Iterable[str]) -> dict[Clip, list[str]]:
        utterances_by_clip: dict[Clip, list[str]] = defaultdict(list)
        for name in self._clips(names):
            utterances_by_clip[self.clip_of[name]].append(name)
        return utterances_by_clip

    def _clips(self, names: Iterable[str]) -> Iterable[str]:
        return (name for name in names if name in self.clip_of)


def _end(utterance: Utterance) -> float:
    return float("inf") if utterance.end is None else utterance.end
