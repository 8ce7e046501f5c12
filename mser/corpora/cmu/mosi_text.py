"""The transcripts of CMU-MOSI's raw data: what is said in each segment of a video, by its number from 1."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mser.corpora.cmu.raw_tree import find_folder
from mser.corpora.text_files import NoTextError, lines_of, read_text, short, wrong_text
from mser.manifest import Problem

_SEGMENTED, _FULL = "Transcript/Segmented", "Transcript/Full"
_LINE = re.compile(r"(?P<number>\d{1,9})_DELIM_(?P<text>.*)")


def read_transcripts(root: Path, sizes: Mapping[str, int]) -> tuple[dict[str, dict[int, str]], list[Problem]]:
    """Return the transcripts by video and number, none where they cannot be told, and what is wrong with them.

    ``Segmented/<video>.annotprocessed`` is read if it is there, otherwise ``Full/<video>.textonly``, which must then
    have a line for each segment.

    Args:
        root: the corpus.
        sizes: how many segments each video has.
    """
    segmented, full = find_folder(root, _SEGMENTED), find_folder(root, _FULL)
    if not (segmented or full):
        return {}, [Problem("missing", f"Raw/{_SEGMENTED} is missing; all transcripts are taken as empty, unpack it")]
    texts, problems = {}, []
    for video, size in sizes.items():
        path = root / (f"{segmented}/{video}.annotprocessed" if segmented else f"{full}/{video}.textonly")
        if not path.exists():
            problems.append(Problem("transcript", f"{video} has no {path.name}; its transcripts are taken as empty"))
            continue
        try:
            text, wrong = read_text(path)
        except NoTextError as error:
            problems.append(Problem("transcript", f"{error}; the transcripts of {video} are taken as empty"))
            continue
        lines = [line.strip() for line in lines_of(text)]
        texts[video], odd = (_numbered if segmented else _counted)(path.name, lines, size)
        problems += [*wrong, *odd, *_unusable(video, texts[video], size)]
    return texts, problems


def _numbered(name: str, lines: Sequence[str], size: int) -> tuple[dict[int, str], list[Problem]]:
    """Return the texts of lines such as ``12_DELIM_AND SO ON``."""
    texts: dict[int, str] = {}
    problems = []
    for place, line in enumerate(lines, 1):
        if match := _LINE.fullmatch(line):
            number = int(match["number"])
            if number in texts:
                problems.append(
                    Problem("duplicate", f"{name}:{place} has segment {number} again; the first line counts")
                )
            texts.setdefault(number, match["text"].strip())
        elif line:
            problems.append(Problem("transcript", f"{name}:{place} is no line such as '1_DELIM_TEXT': {short(line)}"))
    if 0 in texts and size not in texts:
        message = f"{name} counts its segments from 0, expected from 1; its transcripts are taken as empty, renumber it"
        return {}, [*problems, Problem("numbering", message)]
    if not (texts or problems):
        problems.append(Problem("transcript", f"{name} holds nothing; its transcripts are taken as empty, restore it"))
    return texts, problems


def _counted(name: str, lines: Sequence[str], size: int) -> tuple[dict[int, str], list[Problem]]:
    """Return the texts of lines that stand for one segment each."""
    filled = [line for line in lines if line]
    if len(filled) == size:
        return dict(enumerate(filled, 1)), []
    message = (
        f"{name} has {len(filled)} lines for {size} segments; its transcripts are taken as empty, get Raw/{_SEGMENTED}"
    )
    return {}, [Problem("transcript", message)]


def _unusable(video: str, texts: dict[int, str], size: int) -> Iterator[Problem]:
    """Yield the segments whose text is no words; it is taken out."""
    if not texts:
        return
    for number in range(1, size + 1):
        if wrong := wrong_text(texts.get(number, "")):
            texts.pop(number, None)
            name = f"{video}_{number}"
            yield Problem("transcript", f"{name} has for its transcript {wrong}; it is taken as empty", name)
