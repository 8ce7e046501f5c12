"""The grammar of IEMOCAP's identifiers and text files, with the oddities of the release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mser.corpora.text_files import NoTextError, garbled, lines_of, number, read_or_windows, short
from mser.manifest import Problem, Rating

_ID = re.compile(r"Ses0(?P<session>[1-5])[FM]_(?P<kind>impro|script)\d\d[ab]?(_\d[ab]?)?_(?P<gender>[FM])(\d{3}|XX\d)")
_NUMBER = r"\s*(\d+(?:\.\d+)?)\s*"
_SUMMARY = re.compile(rf"\[{_NUMBER}-{_NUMBER}\]\s+(?P<id>\S+)\s+(?P<label>[a-z]{{3}})\s*(?P<scores>\[.*\])?$")
_RATING = re.compile(r"[CA]-(?P<rater>[EFM]\d+):\s*(?P<said>[^(]*)")
_SCALE, _ROUNDED = (1.0, 5.0), 0.5  # of the ratings, and by how much a mean may be beyond it in the release
_LINE = re.compile(rf"(?P<id>Ses0\S{{1,40}})\s*\[{_NUMBER}-{_NUMBER}\]\s*:\s*(?P<text>.*)")
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
    F and M raters are the actors themselves. Scores run from 1 to 5; one that is left out in the file is left out here,
    and so is one that is no number or beyond the scale, which is a problem.
    """
    try:
        text = read_or_windows(path)
    except NoTextError as error:
        return [], [Problem("unreadable", f"{error}; its turns are left out")]
    turns, problems = [], []
    for place, block in _blocks(text):
        try:
            turn, wrong = _turn(block)
        except ValueError as error:
            message = f"{path.name}:{place} {error}: {short(block[0])}; it is left out, restore the file"
            problems.append(Problem("unreadable", message))
        else:
            turns.append(turn)
            problems += [Problem("score", f"{path.name}:{place} {turn.id} {mistake}", turn.id) for mistake in wrong]
    if not turns:
        problems.append(Problem("empty", f"{path} holds no turns; restore the file"))
    return turns, problems


def read_transcription(path: Path) -> tuple[list[Line], list[Problem]]:
    """Return the lines of a transcription file that belong to a turn, in the file's order, and what is no transcript.

    Lines without an identifier (``M: sorry``) are asides that belong to no turn: they are left out.
    """
    try:
        text = read_or_windows(path)
    except NoTextError as error:
        return [], [Problem("transcript", f"{error}; its transcripts are taken as empty")]
    lines, problems = [], []
    for place, match in enumerate(map(_LINE.match, map(str.strip, lines_of(text))), 1):
        if match and (times := (number(match[2]), number(match[3]))) and None not in times:
            wrong = garbled(match["text"])
            if wrong:
                message = (
                    f"{path.name}:{place} has for the transcript of {match['id'][:40]} {wrong}; it is taken as empty"
                )
                problems.append(Problem("transcript", message, match["id"]))
            transcript = "" if wrong else match["text"].strip()
            lines.append(Line(match["id"], times[0] or 0.0, times[1] or 0.0, transcript))
    return lines, problems


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each summary line with the lines up to the next one, and its line number."""
    block: list[str] = []
    start = 0
    for place, line in enumerate(map(str.strip, lines_of(text)), 1):
        if line.startswith("["):
            if block:
                yield start, block
            start, block = place, [line]
        elif block and line:
            block.append(line)
    if block:
        yield start, block


def _turn(block: list[str]) -> tuple[Turn, list[str]]:
    if not (match := _SUMMARY.match(block[0])):
        raise ValueError("is no line such as '[6.29 - 8.23] Ses01F_impro01_F000 neu [2.5, 2.5, 2.5]'")
    if not (name := TurnId.parse(match["id"])):
        raise ValueError("names no turn such as Ses01F_impro01_F000")
    start, end = number(match[1]), number(match[2])
    if start is None or end is None:
        raise ValueError("has times that are no numbers")
    means = [cell for cell in (match["scores"] or "[]")[1:-1].split(",") if cell.strip()]
    scores, wrong = _scores(zip(_DIMENSIONS.values(), means, strict=False), beyond=_ROUNDED)
    if means and len(means) != len(_DIMENSIONS):
        scores, wrong = {}, [f"has {len(means)} scores {short(match['scores'])}, expected {len(_DIMENSIONS)}"]
    ratings, odd = _ratings(block[1:])
    return Turn(match["id"], name, start, end, match["label"], scores, ratings), [*wrong, *odd]


def _scores(cells: Iterable[tuple[str, str]], *, beyond: float = 0.0) -> tuple[dict[str, float], list[str]]:
    """Return the scores by their names, and what is wrong with those that are left out."""
    scores: dict[str, float] = {}
    wrong = []
    for name, cell in cells:
        value = number(cell)
        if value is None or not _SCALE[0] - beyond <= value <= _SCALE[1] + beyond:
            wrong.append(f"has {short(cell.strip())} as {name}, expected 1 to 5; it is left out, restore the file")
        else:
            scores[name] = value
    return scores, wrong


def _ratings(lines: list[str]) -> tuple[tuple[Rating, ...], list[str]]:
    raters: dict[str, _Said] = {}
    problems = []
    for line in lines:
        if not (match := _RATING.match(line)):
            continue
        rater_labels = raters.setdefault(match["rater"], _Said())
        pieces = [piece.strip() for piece in match["said"].split(";") if piece.strip()]
        if line.startswith("A"):
            fields = [piece.split(maxsplit=1) for piece in pieces]
            rated = [
                (_DIMENSIONS[words[0]], words[1]) for words in fields if len(words) == 2 and words[0] in _DIMENSIONS
            ]
            rater_labels.scores, wrong = _scores(rated)
            problems += [f"is rated by {match['rater']}: {what}" for what in wrong]
        else:
            rater_labels.labels = tuple(pieces)
    return tuple(
        Rating(name, rater_labels.labels, rater_labels.scores, name[0] != "E") for name, rater_labels in raters.items()
    ), problems
