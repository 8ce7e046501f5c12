"""The transcripts of CMU-MOSEI's raw data, which meet the labels by video and time: their numbers are others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mser.corpora.cmu.csd import Interval
from mser.corpora.cmu.raw_tree import find_folder
from mser.corpora.text_files import NoTextError, lines_of, number, read_text, short, wrong_text
from mser.manifest import Problem, Seconds

_FOLDER = "Transcript/Segmented/Combined"
_TOLERANCE = 0.1  # seconds that label and transcript may differ at either end


@dataclass(frozen=True, slots=True)
class _Line:
    start: Seconds
    end: Seconds
    text: str


def read_transcripts(
    root: Path, videos: Mapping[str, Sequence[Interval]]
) -> tuple[dict[tuple[str, int], str], list[Problem]]:
    """Return the transcripts by video and index in the label file, none where they cannot be told.

    Lines without a label are left out: the release transcribes more than it labels.

    Args:
        root: the corpus.
        videos: the labelled intervals.
    """
    folder = find_folder(root, _FOLDER)
    if not folder:
        return {}, [Problem("missing", f"Raw/{_FOLDER} is missing; all transcripts are taken as empty, unpack it")]
    texts, problems = {}, []
    for video, rows in videos.items():
        path = root / folder / f"{video}.txt"
        if not path.exists():
            problems.append(Problem("transcript", f"{video} has no {path.name}; its transcripts are taken as empty"))
            continue
        lines, wrong = _lines(path)
        problems += wrong
        for row in rows:
            text, why = _transcript_of(row, lines)
            if why:
                name = f"{video}[{row.index}]"
                problems.append(Problem("transcript", f"{name} has {why}; its transcript is taken as empty", name))
            else:
                texts[video, row.index] = text
    return texts, problems


def _lines(path: Path) -> tuple[list[_Line], list[Problem]]:
    """Return lines such as ``VIDEO___CLIP___START___END___TEXT``; the text and the video may hold underscores."""
    try:
        text, problems = read_text(path)
    except NoTextError as error:
        return [], [Problem("transcript", f"{error}; the transcripts of {path.stem} are taken as empty")]
    lines = []
    for place, line in enumerate(lines_of(text), 1):
        if not line.strip():
            continue
        cells = line.strip().removeprefix(f"{path.stem}___").split("___", 3)
        start, end = (number(cells[1]), number(cells[2])) if len(cells) == 4 else (None, None)
        if start is not None and end is not None:
            lines.append(_Line(start, end, cells[3].strip()))
        else:
            message = f"{path.name}:{place} is no line such as '{path.stem}___0___1.5___4.2___text': {short(line)}"
            problems.append(Problem("transcript", message))
    return lines, problems


def _transcript_of(row: Interval, lines: Iterable[_Line]) -> tuple[str, str]:
    """Return the text of an interval, or why there is none."""
    near = [(gap, line.text) for line in lines if (gap := _gap(row, line)) <= _TOLERANCE]
    if not near:
        return "", f"no line at {row.start:.2f}-{row.end:.2f} s"
    text = min(near)[1]
    wrong = wrong_text(text)
    return text, f"for its transcript {wrong}" if wrong else ""


def _gap(row: Interval, line: _Line) -> Seconds:
    # Some labels begin before the video does.
    return max(abs(max(row.start, 0) - max(line.start, 0)), abs(row.end - line.end))
