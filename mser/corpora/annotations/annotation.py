"""What an annotation file holds, whatever its format: tiers of intervals over one recording. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from mser.errors import UserError
from mser.manifest import Seconds


@dataclass(frozen=True, slots=True)
class Interval:
    """One annotated stretch.

    Attributes:
        start: in the recording.
        end: in the recording, after `start`.
        text: what is written there, in one line.
        place: where it stands in the file, such as ``line 3``.
        speaker: who speaks, where the file says so of each interval.
    """

    start: Seconds
    end: Seconds
    text: str
    place: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Tier:
    """Intervals of one kind.

    Attributes:
        name: of the tier; empty where the format has none.
        intervals: in the order of the file.
        speaker: who speaks, where the file says so of the tier.
        role: of what is written, ``transcript`` or ``label``, where the format says so.
    """

    name: str
    intervals: Sequence[Interval]
    speaker: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a file says of one recording.

    Attributes:
        path: of the file.
        recording: what it calls the recording, a name or a path; its own name where it does not.
        tiers: of different names.
    """

    path: Path
    recording: str
    tiers: Sequence[Tier]


def interval(path: Path, place: str, start: Seconds, end: Seconds, text: str, speaker: str = "") -> Interval:
    """Return an interval whose times can be.

    Raises:
        UserError: if it ends before it begins, or begins before the recording.

    Example:
        >>> interval(Path("a.srt"), "cue 1", 0.5, 2.0, "So  it is.").text
        'So it is.'
    """
    if not (isfinite(start) and isfinite(end) and 0 <= start < end):
        raise UserError(f"{path}, {place}: it is from {start:g} to {end:g} s; expected 0 <= start < end, mend it")
    return Interval(start, end, " ".join(text.split()), place, " ".join(speaker.split()))
