"""Reads ``label.csv``, in which MMSA keeps the labels of CMU-MOSI and CMU-MOSEI beside its clips.

The clips are ``Raw/<video_id>/<clip_id>.mp4``; what is read is a wav file beside each of them.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path

from mser.corpora.cmu.official_folds import official_folds
from mser.corpora.cmu.segment_audio import EXTRACT, heard
from mser.corpora.cmu.segments import Segment
from mser.corpora.text_files import read_text, wrong_text
from mser.errors import UserError
from mser.manifest import Manifest, Problem

NAME = "label.csv"
_COLUMNS = ("video_id", "clip_id", "text", "label", "mode")
_SPLITS = {"train": "train", "valid": "val", "test": "test"}


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    video: str
    clip: str
    text: str
    label: str
    mode: str


def read_label_csv(corpus: str, root: Path, name: Callable[[str, str], str]) -> Manifest:
    """Return the clips of ``label.csv`` whose audio can be used, and everything that is wrong.

    Splits go by the official lists of videos; where ``mode`` says otherwise, that is a problem.

    Args:
        corpus: ``mosi`` or ``mosei``.
        root: the folder that holds ``label.csv`` and ``Raw``.
        name: returns an utterance's identifier from its video and clip.

    Raises:
        UserError: if the file lacks a column, or there are only videos.
    """
    rows, problems = _rows(root / NAME)
    segments: dict[str, Segment] = {}
    for row in rows:
        identifier = name(row.video, row.clip)
        if identifier in segments:
            message = f"{NAME}:{row.line} labels {identifier} again; the first row counts, delete the other"
            problems.append(Problem("duplicate", message, identifier))
            continue
        wrong = wrong_text(row.text)
        if wrong:
            message = f"{NAME}:{row.line} has for the transcript of {identifier} {wrong}; it is taken as empty"
            problems.append(Problem("transcript", message, identifier))
        audio, scores = f"Raw/{row.video}/{row.clip}.wav", {"sentiment": _number(row.label)}
        segments[identifier] = Segment(identifier, row.video, audio, "" if wrong else row.text, scores)
    _require_wav(root, segments.values())
    problems += _wrong_splits(rows, official_folds(corpus))
    return heard(corpus, root, list(segments.values()), problems)


def _rows(path: Path) -> tuple[list[_Row], list[Problem]]:
    text, problems = read_text(path)
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        found = table.fieldnames or ()
        if missing := [column for column in _COLUMNS if column not in found]:
            raise UserError(
                f"{path} has no column {', '.join(missing)}; expected {', '.join(_COLUMNS)}, found {', '.join(found)}"
            )
        rows = []
        for cells in table:
            said = [(cells[column] or "").strip() for column in _COLUMNS]
            if said[0] and said[1]:
                rows.append(_Row(table.line_num, *said))
            else:
                message = f"{path.name}:{table.line_num} names no video and clip; it is left out, restore the file"
                problems.append(Problem("unreadable", message))
    except csv.Error as error:
        raise UserError(f"{path}:{table.line_num} cannot be read as CSV ({error}); restore the file") from error
    return rows, problems


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan


def _require_wav(root: Path, segments: Iterable[Segment]) -> None:
    audio = [root / one.audio for one in segments]
    if any(path.exists() for path in audio):
        return
    videos = sum(path.with_suffix(".mp4").exists() for path in audio)
    if videos:
        raise UserError(f"{root}/Raw holds {videos} mp4 files but no wav file beside any of them; {EXTRACT} {root}`")
    raise UserError(f"{root}/{NAME} lists {len(audio)} clips, but {root}/Raw/<video_id>/<clip_id>.wav is there of none")


def _wrong_splits(rows: Iterable[_Row], official: Mapping[str, str]) -> Iterator[Problem]:
    modes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        modes[row.video].add(row.mode)
    for video, said in modes.items():
        split = official.get(video, "")
        if {_SPLITS.get(mode) for mode in said} != {split}:
            rule = (
                f"officially it is in {split}, which counts"
                if split
                else "officially it is in none, so no protocol uses it"
            )
            yield Problem("split", f"{NAME} has video {video} in {' and '.join(sorted(said)) or 'no'}; {rule}")
