"""The grammar of IEMOCAP's identifiers and text files, with the oddities of the release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mser.corpora.text_files import read_or_latin
from mser.manifest import Problem, Rating

_ID = re.compile(r"Ses0(?P<session>[1-5])[FM]_(?P<kind>impro|script)\d\d[ab]?(_\d[ab]?)?_(?P<gender>[FM])(\d{3}|XX\d)")
_NUMBER = r"\s*(\d+(?:\.\d+)?)\s*"
_SUMMARY = re.compile(rf"\[{_NUMBER}-{_NUMBER}\]\s+(?P<id>\S+)\s+(?P<label>[a-z]{{3}})\s*(?P<scores>\[.*\])?$")
_RATING = re.compile(r"[CA]-(?P<rater>[EFM]\d+):\s*(?P<said>[^(]*)")
_SCORE = re.compile(r"(val|act|dom)\s+(\d+(?:\.\d+)?)")
_LINE = re.compile(rf"(?P<id>Ses0\S+)\s*\[{_NUMBER}-{_NUMBER}\]\s*:\s*(?P<text>.*)")
_DIMENSIONS = {"val": "valence", "act": "activation", "dom": "dominance"}


@dataclass(frozen=True, slots=True)
class TurnId:
    """What the name of a turn says.

    The first part of the name (``Ses01F``) says who wore the motion-capture markers; who speaks is said by the letter
    of the last part. In five dialogues the name is a letter longer, so that counting characters finds another one.

    Example:
        >>> TurnId.parse("Ses03M_impro05a_F012")
        TurnId(session='Session3', dialogue='Ses03M_impro05a', speaker='Ses03F', gender='F', style='improvised')
        >>> TurnId.parse("Ses01F_impro01") is None
        True
    """

    session: str
    dialogue: str
    speaker: str
    gender: str
    style: str

    @classmethod
    def parse(cls, name: str) -> TurnId | None:
        """Return what the name says, or None if it is no name of a turn."""
        if not (match := _ID.fullmatch(name)):
            return None
        return cls(
            session=f"Session{match['session']}",
            dialogue=name.rsplit("_", 1)[0],
            speaker=f"Ses0{match['session']}{match['gender']}",
            gender=match["gender"],
            style="improvised" if match["kind"] == "impro" else "scripted",
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """A labelled turn of ``dialog/EmoEvaluation``; times are seconds since the dialogue began."""

    id: str
    name: TurnId
    start: float
    end: float
    label: str
    scores: dict[str, float]
    ratings: tuple[Rating, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of ``dialog/transcriptions``; times are seconds since the dialogue began."""

    id: str
    start: float
    end: float
    text: str


@dataclass(slots=True)
class _Said:
    """What one rater said of one turn, gathered from the categorical and the dimensional line."""

    labels: tuple[str, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)


def read_evaluation(path: Path) -> tuple[list[Turn], list[Problem]]:
    """Return the turns of an EmoEvaluation file, and what in it could not be understood.

    A turn is a summary line and the rating lines below it, as many as there are. Ratings of E raters are observers';
    F and M raters are the actors themselves. Scores run from 1 to 5; one that is left out in the file is left out here.
    """
    turns, problems = [], []
    for number, block in _blocks(read_or_latin(path)):
        try:
            turns.append(_turn(block))
        except ValueError as error:
            message = f"{path.name}:{number} {error}: {block[0]!r}; it is left out, restore the file"
            problems.append(Problem("unreadable", message))
    if not turns:
        problems.append(Problem("empty", f"{path} holds no turns; restore the file"))
    return turns, problems


def read_transcription(path: Path) -> list[Line]:
    """Return the lines of a transcription file that belong to a turn, in the file's order.

    Lines without an identifier (``M: sorry``) are asides that belong to no turn: they are left out.
    """
    found = (_LINE.match(line.strip()) for line in read_or_latin(path).splitlines())
    return [Line(match["id"], float(match[2]), float(match[3]), match["text"].strip()) for match in found if match]


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each summary line with the lines up to the next one, and its line number."""
    block: list[str] = []
    start = 0
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if line.startswith("["):
            if block:
                yield start, block
            start, block = number, [line]
        elif block and line:
            block.append(line)
    if block:
        yield start, block


def _turn(block: list[str]) -> Turn:
    if not (match := _SUMMARY.match(block[0])):
        raise ValueError("is no line such as '[6.29 - 8.23] Ses01F_impro01_F000 neu [2.5, 2.5, 2.5]'")
    if not (name := TurnId.parse(match["id"])):
        raise ValueError("names no turn such as Ses01F_impro01_F000")
    means = re.findall(r"\d+(?:\.\d+)?", match["scores"] or "")
    scores = dict(zip(_DIMENSIONS.values(), map(float, means), strict=True)) if len(means) == len(_DIMENSIONS) else {}
    return Turn(match["id"], name, float(match[1]), float(match[2]), match["label"], scores, _ratings(block[1:]))


def _ratings(lines: list[str]) -> tuple[Rating, ...]:
    raters: dict[str, _Said] = {}
    for line in lines:
        if not (match := _RATING.match(line)):
            continue
        said = raters.setdefault(match["rater"], _Said())
        if line.startswith("A"):
            said.scores = {_DIMENSIONS[name]: float(value) for name, value in _SCORE.findall(match["said"])}
        else:
            said.labels = tuple(word.strip() for word in match["said"].split(";") if word.strip())
    return tuple(Rating(name, said.labels, said.scores, name[0] != "E") for name, said in raters.items())
