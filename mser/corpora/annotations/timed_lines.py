"""RTTM, which says who speaks when, and CTM, which says when each word was spoken: a line for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from mser.corpora.annotations.annotation import Annotation, Interval, Tier, interval
from mser.corpora.text_files import lines_of, number, read_or_windows, short
from mser.errors import UserError

PAUSE = 0.5
"""Seconds without a word that end a turn."""


def read_rttm(path: Path) -> list[Annotation]:
    """Return the turns of each recording that the file names.

    Raises:
        UserError: if a line cannot be read, or a turn cannot be.
    """
    intervals: dict[str, list[Interval]] = defaultdict(list)
    for place, cells in _lines(path, "SPEAKER FILE CHANNEL START LENGTH <NA> <NA> NAME", 8):
        if cells[0] == "SPEAKER":
            start, length = _times(path, place, cells[3:5])
            intervals[cells[1]].append(interval(path, place, start, start + length, "", cells[7]))
    return [Annotation(path, name, [Tier("", turns, role="transcript")]) for name, turns in intervals.items()]


def read_ctm(path: Path) -> list[Annotation]:
    """Return the words of each recording joined into turns, which a pause of `PAUSE` or another speaker ends.

    Where a recording has several channels, each is a speaker, unless the line names one.

    Raises:
        UserError: if a line cannot be read, or a word cannot be.
    """
    intervals: dict[str, dict[str, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    for place, cells in _lines(path, "FILE CHANNEL START LENGTH WORD", 5):
        start, length = _times(path, place, cells[2:4])
        word = interval(path, place, start, start + max(length, 1e-3), cells[4], cells[7] if len(cells) > 7 else "")
        intervals[cells[0]][cells[1]].append(word)
    annotations = []
    for name, channels in intervals.items():
        turns: list[Interval] = []
        for channel, words in channels.items():
            speaker = f"channel {channel}" if len(channels) > 1 else ""
            turns += _joined(sorted(words, key=lambda word: word.start), speaker)
        annotations.append(Annotation(path, name, [Tier("", turns, role="transcript")]))
    return annotations


def _joined(words: list[Interval], speaker: str) -> Iterator[Interval]:
    turn: list[Interval] = []
    for word in [*words, None]:
        if turn and (word is None or word.start - turn[-1].end >= PAUSE or word.speaker != turn[-1].speaker):
            text, end = " ".join(timed_word.text for timed_word in turn), max(timed_word.end for timed_word in turn)
            yield Interval(turn[0].start, round(end, 6), text, turn[0].place, turn[0].speaker or speaker)
            turn = []
        if word is not None:
            turn.append(word)


def _lines(path: Path, expected: str, least: int) -> Iterator[tuple[str, list[str]]]:
    for at, line in enumerate(lines_of(read_or_windows(path)), 1):
        cells = line.split()
        if not cells or line.startswith(";;"):
            continue
        if len(cells) < least:
            raise UserError(f"{path}, line {at}: it has {len(cells)} fields; expected {expected}")
        yield f"line {at}", cells


def _times(path: Path, place: str, cells: list[str]) -> tuple[float, float]:
    start, length = (number(cell) for cell in cells)
    if start is None or length is None:
        raise UserError(f"{path}, {place}: its start and length are {short(' '.join(cells))}; expected numbers")
    return start, length
