"""Reads ``label.csv``, in which MMSA keeps the labels of CMU-MOSI and CMU-MOSEI beside its clips.

The clips are ``Raw/<video_id>/<clip_id>.mp4``; what is read is a wav file beside each of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path

from mser.audio.containers import can_read_containers
from mser.corpora.cmu.official_folds import official_folds
from mser.corpora.cmu.segment_audio import EXTRACT, with_audio
from mser.corpora.cmu.segment_labels import Segment
from mser.corpora.text_files import number, read_csv, read_text, wrong_text
from mser.errors import UserError
from mser.manifest import Manifest, Problem

NAME = "label.csv"
_COLUMNS = ("video_id", "clip_id", "text", "label", "mode")
_NAMES = re.compile(r"[^/\0]{1,100}/[^/\0]{1,100}")
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
        audio, scores = (
            f"Raw/{row.video}/{row.clip}.wav",
            {"sentiment": nan if (score := number(row.label)) is None else score},
        )
        segments[identifier] = Segment(identifier, row.video, audio, "" if wrong else row.text, scores)
    segments = {name: _with_audio_path(root, segment) for name, segment in segments.items()}
    _require_audio(root, segments.values())
    problems += _wrong_splits(rows, official_folds(corpus))
    return with_audio(corpus, root, list(segments.values()), problems)


def _rows(path: Path) -> tuple[list[_Row], list[Problem]]:
    text, problems = read_text(path)
    rows = []
    for line, cells in read_csv(path, text, _COLUMNS, "restore the file"):
        fields = [(cells[column] or "").strip() for column in _COLUMNS]
        if _NAMES.fullmatch(f"{fields[0]}/{fields[1]}"):
            rows.append(_Row(line, *fields))
        else:
            message = f"{path.name}:{line} names no video and clip; it is left out, restore the file"
            problems.append(Problem("unreadable", message))
    return rows, problems


def _with_audio_path(root: Path, segment: Segment) -> Segment:
    """Return a clip with its video to hear, where there is no wav file and PyAV can hear it."""
    wav = root / segment.audio
    if can_read_containers() and not wav.exists() and wav.with_suffix(".mp4").exists():
        return replace(segment, audio=f"{segment.audio.removesuffix('.wav')}.mp4")
    return segment


def _require_audio(root: Path, segments: Iterable[Segment]) -> None:
    audio = [root / segment.audio for segment in segments]
    if any(path.exists() for path in audio):
        return
    videos = sum(path.with_suffix(".mp4").exists() for path in audio)
    if videos:
        hint = f"{EXTRACT} {root}`, or hear the videos: pip install 'multimodal-ser[av]'"
        raise UserError(f"{root}/Raw holds {videos} mp4 files but no wav file beside any of them; {hint}")
    raise UserError(f"{root}/{NAME} lists {len(audio)} clips, but {root}/Raw/<video_id>/<clip_id>.wav is there of none")


def _wrong_splits(rows: Iterable[_Row], official: Mapping[str, str]) -> Iterator[Problem]:
    modes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        modes[row.video].add(row.mode)
    for video, splits in modes.items():
        split = official.get(video, "")
        if {_SPLITS.get(mode) for mode in splits} != {split}:
            rule = (
                f"officially it is in {split}, which counts"
                if split
                else "officially it is in none, so no protocol uses it"
            )
            yield Problem(
                "split",
                f"{NAME} has video {video} in {' and '.join(sorted(mode[:20] for mode in splits)) or 'no'}; {rule}",
            )
