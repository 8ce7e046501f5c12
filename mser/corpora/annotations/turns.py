"""From annotations to turns: each has a recording, a span of it, a speaker, and what the tiers say there."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mser.audio.checks import recording_length
from mser.audio.recording import TOLERANCE
from mser.audio.suffixes import heard_in
from mser.audio.wav import BadAudioError
from mser.corpora.annotations.annotation import Annotation, Interval, Tier
from mser.corpora.annotations.options import SPEAKER
from mser.corpora.annotations.reading import read_annotations
from mser.errors import UserError
from mser.manifest import Seconds

_OVERLAP = 0.05  # seconds that a turn may begin before the speaker's last one ends: times are rounded


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one speaker.

    Attributes:
        audio: where the recording lies.
        start: in the recording.
        end: in the recording.
        speaker: who speaks; empty where nobody says so.
        columns: what the tiers say, by the columns' names.
        annotation: the file that it is from.
        place: where it stands there.
        doubtful: columns of which several intervals lie in the turn; the longest counts.
    """

    audio: Path
    start: Seconds
    end: Seconds
    speaker: str
    columns: Mapping[str, str]
    annotation: Path
    place: str
    doubtful: tuple[str, ...] = ()


def read_turns(paths: Sequence[Path], root: Path | None = None, tiers: Mapping[str, str] | None = None) -> list[Turn]:
    """Return the turns of annotations, those of each recording by their start.

    Args:
        paths: annotation files.
        root: where the recordings are, at any depth; beside each annotation when None.
        tiers: column to the name of its tier, in which ``{speaker}`` may stand; the first one says where turns are.

    Raises:
        UserError: if a file cannot be read, has no such tier or no recording, or a turn cannot be: it is beyond the
            recording's end, or overlaps another of its speaker.
    """
    if reserved := next((name for name in tiers or {} if name in ("audio", "start", "end")), None):
        raise UserError(f"--tiers names a tier for {reserved}, which the intervals say themselves; leave it out")
    turns: list[Turn] = []
    recordings: dict[Path, dict[str, list[Path]]] = {}
    for path in paths:
        folder = root or path.parent
        if folder not in recordings:
            recordings[folder] = _recordings(folder)
        for annotation in read_annotations(path):
            audio = _recording(annotation, folder, recordings[folder])
            spoken_turns = [
                turn for columns, speaker in _chosen(annotation, tiers or {}) for turn in _turns(columns, speaker)
            ]
            turns += _within(sorted(spoken_turns, key=lambda turn: turn[0].start), audio, path)
    _require_apart(turns)
    return turns


def overlapping(turns: Sequence[Turn]) -> int:
    """Return how many turns begin while another speaker of their recording speaks."""
    number, last = 0, (Path(), 0.0)
    for turn in turns:
        number += turn.audio == last[0] and turn.start < last[1] - _OVERLAP
        last = turn.audio, max(turn.end, last[1]) if turn.audio == last[0] else turn.end
    return number


def _recordings(folder: Path) -> dict[str, list[Path]]:
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; give the one with the recordings (--audio-root)")
    paths = defaultdict(list)
    for place, _, names in os.walk(folder):
        for name in heard_in(sorted(names)):
            paths[os.path.splitext(name)[0]].append(Path(place, name))
    return paths


def _recording(annotation: Annotation, folder: Path, recordings: Mapping[str, list[Path]]) -> Path:
    named, own = PurePosixPath(annotation.recording).name, annotation.path.stem
    # A language may follow the name (call.en.vtt), and a name may hold points.
    names = dict.fromkeys((named, os.path.splitext(named)[0], own, os.path.splitext(own)[0]))
    name = next((name for name in names if name in recordings), None)
    if name is None:
        raise UserError(
            f"{annotation.path}: its recording {named} is not in {folder}; say where it is with --audio-root"
        )
    if len(paths := recordings[name]) > 1:
        raise UserError(f"{annotation.path}: its recording may be {paths[0]} or {paths[1]}; keep one of them")
    return paths[0]


def _chosen(annotation: Annotation, wanted: Mapping[str, str]) -> Iterator[tuple[dict[str, Tier], str]]:
    """Yield the tiers of each speaker by column, and who it is where a name says so."""
    if not wanted:
        yield from _usual(annotation)
        return
    tiers = {tier.name: tier for tier in annotation.tiers if tier.name}
    spoken: dict[str, dict[str, Tier]] = defaultdict(dict)
    shared: dict[str, Tier] = {}
    for column, pattern in wanted.items():
        before, mark, after = pattern.partition(SPEAKER)
        expression = re.compile(f"{re.escape(before)}(.+){re.escape(after)}" if mark else re.escape(pattern))
        matches = [(match, tier) for name, tier in tiers.items() if (match := expression.fullmatch(name))]
        if not matches:
            has = f"it has {', '.join(tiers)}" if tiers else "its format has none: leave out --tiers"
            raise UserError(f"{annotation.path}: there is no tier {pattern} for the column {column}; {has}")
        for match, tier in matches:
            (spoken[match[1]] if mark else shared)[column] = tier
    first = next(iter(wanted))
    for speaker, columns in spoken.items() if SPEAKER in wanted[first] else [("", {})]:
        if first in (columns | shared):
            yield {name: (columns | shared)[name] for name in wanted if name in columns | shared}, speaker


def _usual(annotation: Annotation) -> Iterator[tuple[dict[str, Tier], str]]:
    roles = [tier for tier in annotation.tiers if tier.role]
    if not roles:  # each tier is what one speaker says
        yield from (({"transcript": tier}, tier.name) for tier in annotation.tiers)
        return
    columns = {tier.role: tier for tier in roles}
    if len(columns) < len(roles):
        names = ", ".join(tier.name for tier in annotation.tiers)
        raise UserError(
            f"{annotation.path}: several of its tiers could be one column: {names}; say which, as in label=NAME"
        )
    yield columns, ""


def _turns(columns: dict[str, Tier], speaker: str) -> Iterator[tuple[Interval, str, dict[str, str], tuple[str, ...]]]:
    (first, base), *others = columns.items()
    for interval in base.intervals:
        texts, doubtful = {first: interval.text}, []
        for column, tier in others:
            met = {other: min(interval.end, other.end) - max(interval.start, other.start) for other in tier.intervals}
            met = {other: seconds for other, seconds in met.items() if seconds > _OVERLAP}
            texts[column] = max(met, key=lambda other: met[other]).text if met else ""
            if len({other.text for other in met}) > 1:
                doubtful.append(column)
        who = texts.pop("speaker", "") or interval.speaker or speaker or base.speaker
        yield interval, who, texts, tuple(doubtful)


def _within(
    turns: Iterable[tuple[Interval, str, dict[str, str], tuple[str, ...]]], audio: Path, path: Path
) -> Iterator[Turn]:
    try:
        length = recording_length(audio)
    except BadAudioError as error:
        raise UserError(f"{path}: its recording {audio} {error}") from error
    for interval, speaker, texts, doubtful in turns:
        if interval.end > length + TOLERANCE:
            raise UserError(
                f"{path}, {interval.place}: it ends at {interval.end:.2f} s, but {audio} lasts {length:.2f} s"
            )
        if interval.start < length:
            end = round(min(interval.end, length), 3)
            yield Turn(audio, round(interval.start, 3), end, speaker, texts, path, interval.place, doubtful)


def _require_apart(turns: Iterable[Turn]) -> None:
    last: dict[tuple[Path, str], Turn] = {}
    for turn in sorted(turns, key=lambda turn: turn.start):
        before = last.get((turn.audio, turn.speaker))
        if before and turn.start < before.end - _OVERLAP:
            who = f"of {turn.speaker}" if turn.speaker else "of nobody knows whom"
            other = f"{before.annotation}, {before.place}" if before.annotation != turn.annotation else before.place
            overlap = f"it begins at {turn.start:.2f} s, while a turn {who} lasts until {before.end:.2f} s ({other})"
            raise UserError(f"{turn.annotation}, {turn.place}: {overlap}; mend one of them, or say who speaks")
        last[turn.audio, turn.speaker] = turn
