"""What in a table is written in two ways and may be one: names that differ in case or blanks, one file twice."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from unicodedata import normalize

from mser.manifest import Problem, Utterance

_NO_NAMES = ("nan", "none", "null", "n/a", "na", "unknown", "?", "-")


def near_misses(root: Path, utterances: Sequence[Utterance]) -> Iterator[Problem]:
    """Yield labels and speakers that may be others' or none, and audio that has two labels or speakers.

    Args:
        root: what the audio paths are relative to.
        utterances: of a table.
    """
    for what, names in (
        ("label", {utterance.label for utterance in utterances if utterance.label}),
        ("speaker", {utterance.speaker for utterance in utterances if utterance.speaker}),
    ):
        yield from _names(what, names)
    yield from _twice(root, utterances)


def _names(what: str, names: Iterable[str]) -> Iterator[Problem]:
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        alike[" ".join(normalize("NFKC", name).casefold().split())].append(name)
        if name.casefold() in _NO_NAMES:
            yield Problem(what, f"{name[:40]!r} counts as a {what} of its own; leave such rows out if it means none")
    for same in alike.values():
        if len(same) > 1:
            listed = " and ".join(repr(name[:40]) for name in same[:3])
            yield Problem(what, f"{listed} count as {len(same)} {what}s; spell them alike if they are one")


def _twice(root: Path, utterances: Iterable[Utterance]) -> Iterator[Problem]:
    """Yield the first pair of each file whose spans overlap by more than half, with another label or speaker."""
    real = cache(lambda audio: os.path.realpath(root / audio))  # of one file there may be a million parts
    files: dict[tuple[str, int | None], list[Utterance]] = defaultdict(list)
    for one in utterances:
        files[real(one.audio), one.channel].append(one)
    for same in files.values():
        ordered = sorted(same, key=lambda one: one.start)
        for one, other in pairwise(ordered):
            shared = min(one.start + one.duration, other.start + other.duration) - other.start
            differ = (one.label, one.speaker) != (other.label, other.speaker)
            if differ and shared > min(one.duration, other.duration) / 2:
                message = f"{one.id[:80]} and {other.id[:80]} are largely the same sound with another label or speaker"
                yield Problem("duplicate", f"{message}; keep the right one", other.id)
                break
