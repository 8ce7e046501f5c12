"""What each rater of MSP-Podcast said, which three layouts of ``labels_detailed`` hold.

- a row for each rater, all in one cell (``FileName,EmoDetail``; 1.7 to 1.12):
  ``WORKER00000001; Happy; Happy,Excited; A:4.000000; V:5.000000; D:4.000000;``; secondary emotions may lack;
- a row for each rater, in columns (``FileName``, ``WorkerID`` or ``Workers``, ``EmoClass_Major``, ``EmoClass_Second``,
  ``EmoAct``, ``EmoVal``, ``EmoDom``; 1.6 and 2.0);
- JSON, ``{file: {rater: {"EmoClass_Major": ..., "EmoClass_Second": ..., ...}}}``.

A rater names one primary emotion, and as many secondary ones as are heard. An emotion is *present*, for the label set
``msp8-secondary``, where more than an eighth of all mentions of the eight emotions, primary and secondary, are of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from mser.corpora.text_files import number, read_csv, read_or_windows
from mser.errors import UserError
from mser.files.json_fields import loads
from mser.manifest import Manifest, Problem, Rating, Utterance

PRIMARY = {
    **{"Neutral": "N", "Sad": "S", "Angry": "A", "Happy": "H", "Surprise": "U", "Fear": "F", "Disgust": "D"},
    **{"Contempt": "C", "Other": "O"},
}
"""The raters' words for the published letters; free words after ``Other`` are kept as they are."""
EIGHT = {
    **{"Neutral": "neu", "Sad": "sad", "Angry": "ang", "Happy": "hap", "Surprise": "sur", "Fear": "fea"},
    **{"Disgust": "dis", "Contempt": "con"},
}
_SCORES = {"V": "valence", "A": "arousal", "D": "dominance"}
_COLUMNS = {"V": "EmoVal", "A": "EmoAct", "D": "EmoDom"}
_AGAIN = "unpack the labels again"


@dataclass(frozen=True, slots=True)
class Vote:
    """What one rater said of one segment.

    Attributes:
        id: of the segment.
        rating: who it was, the primary emotion, and 1 to 7 for each attribute.
        secondary: all emotions that were heard.
    """

    id: str
    rating: Rating
    secondary: tuple[str, ...]


def with_votes(manifest: Manifest, path: Path | None) -> Manifest:
    """Return the manifest with the raters' votes, and how present each emotion is among the scores.

    Args:
        manifest: of the segments.
        path: of ``labels_detailed``; None where it is not there, which is a note.

    Raises:
        UserError: if the file cannot be read or has another layout.
    """
    if path is None:
        note = "no Labels/labels_detailed.csv or .json here, so nothing is known of what single raters said"
        return replace(manifest, notes=(*manifest.notes, note))
    votes: dict[str, list[Vote]] = defaultdict(list)
    problems, wrong = [], Counter[str]()
    for place, vote in read_votes(path):
        if vote is None:
            wrong[place] += 1
        else:
            votes[vote.id].append(vote)
    if wrong:
        message = (
            f"{path.name} has {wrong.total()} votes that name no rater and no emotion, the first at {next(iter(wrong))}"
        )
        problems.append(Problem("votes", f"{message}; they are left out, {_AGAIN}"))
    if missing := [utterance.id for utterance in manifest if utterance.label is not None and utterance.id not in votes]:
        message = f"{path.name} has no votes for {len(missing)} of {len(manifest)} segments, such as {missing[0]}"
        problems.append(Problem("votes", f"{message}; {_AGAIN}"))
    utterances = tuple(
        _with_votes(utterance, votes[utterance.id]) if utterance.id in votes else utterance for utterance in manifest
    )
    return replace(manifest, utterances=utterances, problems=(*manifest.problems, *problems))


def _with_votes(utterance: Utterance, votes: Sequence[Vote]) -> Utterance:
    return replace(
        utterance, ratings=tuple(vote.rating for vote in votes), scores={**utterance.scores, **present(votes)}
    )


def present(votes: Sequence[Vote]) -> dict[str, float]:
    """Return of each of the eight emotions its share of the mentions, 0 where that is no more than an eighth.

    Returns:
        Emotion to share; nothing where none of the eight was mentioned.

    Example:
        >>> happy, sad = Rating("a", ("Happy",)), Rating("b", ("Sad",))
        >>> shares = present([Vote("x", happy, ("Happy", "Excited")), Vote("x", sad, ("Sad", "Fear"))])
        >>> {emotion: round(share, 2) for emotion, share in shares.items() if share}
        {'sad': 0.4, 'hap': 0.4, 'fea': 0.2}
    """
    mentions = Counter(
        EIGHT[word] for vote in votes for word in (*vote.rating.labels, *vote.secondary) if word in EIGHT
    )
    total = mentions.total()
    return (
        {emotion: mentions[emotion] / total if 8 * mentions[emotion] > total else 0.0 for emotion in EIGHT.values()}
        if total
        else {}
    )


def read_votes(path: Path) -> Iterator[tuple[str, Vote | None]]:
    """Yield the votes with their places; None for what is no vote.

    Raises:
        UserError: if the file cannot be opened or has another layout.
    """
    yield from _json_votes(path) if path.suffix == ".json" else _csv_votes(path)


def _csv_votes(path: Path) -> Iterator[tuple[str, Vote | None]]:
    for line, cells in read_csv(path, read_or_windows(path), ("FileName",), _AGAIN):
        row = {name: (cell or "").strip() for name, cell in cells.items() if isinstance(cell, str)}
        if "EmoDetail" in cells:
            yield f"line {line}", _of_detail(row["FileName"], row.get("EmoDetail", ""))
        elif "EmoClass_Major" in cells:
            yield (
                f"line {line}",
                _of_columns(row["FileName"], row.get("WorkerID") or row.get("Workers", ""), row),
            )
        else:
            has = ", ".join(map(str, cells))[:200]
            raise UserError(f"{path} has neither EmoDetail nor EmoClass_Major, but {has}; {_AGAIN}")


def _json_votes(path: Path) -> Iterator[tuple[str, Vote | None]]:
    try:
        for name, raters in loads(read_or_windows(path)).items():
            for rater, cells in raters.items():
                yield f"{name}, {rater}", _of_columns(name, rater, {key: str(cell) for key, cell in cells.items()})
    except (ValueError, AttributeError) as error:
        message = f'{path} holds no {{"MSP-PODCAST_0001_0008.wav": {{"WORKER1": {{"EmoClass_Major": ...}}}}}}'
        raise UserError(f"{message} ({str(error)[:200]}); {_AGAIN}") from error


def _of_detail(name: str, detail: str) -> Vote | None:
    rater, major, *rest = (part.strip() for part in f"{detail};".split(";"))
    scores = {part[:1]: part[2:] for part in rest if part[1:2] == ":"}
    secondary = rest[0] if rest and rest[0][1:2] != ":" else ""
    return _vote(name, rater, major, secondary, scores)


def _of_columns(name: str, rater: str, cells: Mapping[str, str]) -> Vote | None:
    scores = {key: cells.get(column, "") for key, column in _COLUMNS.items()}
    return _vote(name, rater, cells.get("EmoClass_Major", ""), cells.get("EmoClass_Second", ""), scores)


def _vote(name: str, rater: str, major: str, secondary: str, scores: Mapping[str, str]) -> Vote | None:
    if not name or not rater or not major or ":" in major:
        return None
    rating = _rating(rater, major.strip(), *(number(scores.get(key, "")) for key in _SCORES))
    return Vote(name.removesuffix(".wav"), rating, _words(secondary))


@lru_cache(maxsize=1 << 20)  # a million votes are few different ones
def _rating(rater: str, major: str, *given: float | None) -> Rating:
    return Rating(rater, (major,), _attributes(*given))


@lru_cache(maxsize=1 << 12)
def _attributes(*given: float | None) -> Mapping[str, float]:
    named = zip(_SCORES.values(), given, strict=True)
    return {name: score for name, score in named if score is not None and 1 <= score <= 7}


@lru_cache(maxsize=1 << 12)
def _words(secondary: str) -> tuple[str, ...]:
    return tuple(word for part in secondary.split(",") if (word := part.strip()))
