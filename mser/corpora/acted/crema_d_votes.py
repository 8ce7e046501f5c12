"""What people heard and saw in CREMA-D's clips: ``processedResults/tabulatedVotes.csv``, which its repository holds.

Each clip has three rows: of the voice alone, of the face alone, and of both; a row's name begins with 1, 2 or 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mser.corpora.corpus import compare
from mser.corpora.text_files import read_csv, read_or_windows, short
from mser.manifest import Manifest, Problem, Rating, Utterance

TABLE = "tabulatedVotes.csv"
MODALITIES = {"1": "voice", "2": "face", "3": "av"}
LETTERS = {"A": "anger", "D": "disgust", "F": "fear", "H": "happy", "N": "neutral", "S": "sad"}
_NAME, _FOLDER = "fileName", "processedResults"
_CLIPS = 7442
_TOTALS = {
    "voice": {"anger": 9863, "disgust": 8851, "fear": 8212, "happy": 4590, "neutral": 30152, "sad": 6900},
    "face": {"anger": 10005, "disgust": 12428, "fear": 9149, "happy": 12152, "neutral": 18628, "sad": 9292},
    "av": {"anger": 10220, "disgust": 12197, "fear": 11849, "happy": 11139, "neutral": 18688, "sad": 7685},
}
"""How often each emotion was chosen for all clips, in the table that the release's repository holds."""


@dataclass(frozen=True, slots=True)
class Votes:
    """How many people chose each emotion for one clip, by what they were given: ``voice``, ``face`` or ``av``."""

    counts: Mapping[str, Mapping[str, int]]

    def most(self, modality: str) -> list[str]:
        """Return the emotions with the most votes: several if they tie, none if nobody voted."""
        counts = self.counts.get(modality, {})
        return [emotion for emotion, count in counts.items() if count and count == max(counts.values())]

    @property
    def labels(self) -> dict[str, str]:
        """What most people chose by what they were given; ties are left out."""
        return {modality: most[0] for modality in self.counts if len(most := self.most(modality)) == 1}

    @property
    def ratings(self) -> tuple[Rating, ...]:
        """A vote of each person who heard the voice alone, as a model does."""
        chosen = [emotion for emotion, count in self.counts.get("voice", {}).items() for _ in range(count)]
        return tuple(Rating(f"listener{place}", (emotion,)) for place, emotion in enumerate(chosen, 1))


def with_votes(manifest: Manifest) -> Manifest:
    """Return the manifest with what people chose among its labels and ratings, and how often they chose what was acted.

    Raises:
        UserError: if the table is there and cannot be read.
    """
    if not (path := next(filter(Path.is_file, _places(manifest.root)), None)):
        missing = f"no {_FOLDER}/{TABLE} here, so nothing is known of what listeners chose; CREMA-D's repository has it"
        return replace(manifest, notes=(*manifest.notes, missing))
    votes, problems = read_votes(path)
    utterances = tuple(_with_votes(one, votes) for one in manifest)
    if unheard := [one.id for one in utterances if not one.ratings]:
        message = (
            f"{TABLE} has no votes for the voice of {len(unheard)} of {len(utterances)} clips, such as {unheard[0]}"
        )
        problems.append(Problem("votes", f"{message}; download it again"))
    if len(votes) == _CLIPS:  # of fewer, which are made up or cut off, nobody published how many there are
        problems += compare(_TOTALS, totals(votes), "published", "votes by")
    notes = (*manifest.notes, *_agreement(utterances))
    return replace(manifest, utterances=utterances, problems=(*manifest.problems, *problems), notes=notes)


def read_votes(path: Path) -> tuple[dict[str, Votes], list[Problem]]:
    """Return the votes for each clip, and the rows that could not be understood.

    Raises:
        UserError: if the file cannot be opened or lacks a column.
    """
    found: dict[str, dict[str, dict[str, int]]] = {}
    problems = []
    for line, cells in read_csv(path, read_or_windows(path), ("", *LETTERS, _NAME), "download it again"):
        modality = MODALITIES.get((cells[""] or "")[:1])
        counts = {emotion: _count(cells[letter]) for letter, emotion in LETTERS.items()}
        if modality is None or None in counts.values():
            message = f"{path.name}:{line} is no row of votes for {short(cells[_NAME] or '')}; it is left out"
            problems.append(Problem("votes", f"{message}, download the file again"))
            continue
        whole = {emotion: count for emotion, count in counts.items() if count is not None}
        found.setdefault(cells[_NAME] or "", {}).setdefault(modality, whole)
    return {name: Votes(counts) for name, counts in found.items()}, problems


def totals(votes: Mapping[str, Votes]) -> dict[str, dict[str, int]]:
    """Return how often each emotion was chosen by what people were given, over all clips."""
    rows = {modality: [each.counts.get(modality, {}) for each in votes.values()] for modality in MODALITIES.values()}
    return {
        modality: {emotion: sum(row.get(emotion, 0) for row in counts) for emotion in LETTERS.values()}
        for modality, counts in rows.items()
    }


def _count(cell: str | None) -> int | None:
    return int(cell) if cell and cell.isascii() and cell.isdecimal() else None


def _places(root: Path) -> Iterator[Path]:
    for folder in (root, root.parent, *sorted(path for path in root.glob("*") if path.is_dir())):
        yield folder / _FOLDER / TABLE
    yield root / TABLE


def _with_votes(utterance: Utterance, votes: Mapping[str, Votes]) -> Utterance:
    name = utterance.id if utterance.id in votes else f"{utterance.id}X"  # as in an early release
    return replace(utterance, labels=votes[name].labels, ratings=votes[name].ratings) if name in votes else utterance


def _agreement(utterances: tuple[Utterance, ...]) -> Iterator[str]:
    """Yield how often those who heard the voice alone chose what was acted, each tie split evenly."""
    shares = {utterance.id: _share(utterance) for utterance in utterances if utterance.ratings}
    if not shares:
        return
    by_emotion: dict[str | None, list[float]] = {}
    for utterance in utterances:
        if utterance.id in shares:
            by_emotion.setdefault(utterance.label, []).append(shares[utterance.id])
    ua = sum(sum(each) / len(each) for each in by_emotion.values()) / len(by_emotion)
    agreement = f"most listeners to the voice alone chose the acted emotion in {sum(shares.values()) / len(shares):.1%}"
    yield f"{agreement} of {len(shares)} clips (UA {ua:.1%}, ties split): acted and heard are two tasks"


def _share(utterance: Utterance) -> float:
    counts = [sum(rating.labels == (emotion,) for rating in utterance.ratings) for emotion in LETTERS.values()]
    most = [emotion for emotion, count in zip(LETTERS.values(), counts, strict=True) if count == max(counts)]
    return (utterance.label in most) / len(most)
