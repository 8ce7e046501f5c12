"""Reads a table of recordings. The table must be right: its first wrong row is named and the table refused.

A recording that cannot be used is a problem of the manifest instead, and its row is left out.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from mser.audio.checks import check_clips
from mser.audio.wav import BadAudioError
from mser.corpora.table.audformat import is_audformat
from mser.corpora.table.near_misses import near_misses
from mser.corpora.table.rating_columns import RATED, most, ratings_of
from mser.corpora.table.rows import Columns, Row, columns_of, each_row, home, listed
from mser.corpora.table.shards import SPLIT_WORDS
from mser.corpora.text_files import channel as channel_of
from mser.corpora.text_files import garbled, number, short
from mser.errors import UserError, one_of
from mser.manifest import Manifest, Problem, Utterance

ROLES = (
    *("audio", "transcript", "label", "score", "speaker", "start", "end", "channel", "split", "fold", "group"),
    *("heard_by", *RATED),
)
"""What a column can hold; where nothing else is said, it has this name, but for those of `RATED`."""
SPLITS = ("train", "val", "test")
_TIED, _FEW, _FEW_SPEAKERS = 0.6, 5, 4  # the share of a label, its utterances, and speakers that make it worth a word
_Placed = tuple[int | str, Utterance]
"""The place of a row, and its clip."""


def read_table(path: Path, columns: Columns | None = None) -> Manifest:
    """Return the clips of a table whose audio can be used; audio paths are relative to the table.

    A clip is a whole file, or the part of it from ``start`` to ``end``, of one ``channel`` where the table names it.
    Its group is the file unless a column says otherwise. Its speaker is empty where `columns` says that nobody knows:
    ``{"speaker": None}``.

    Raises:
        UserError: if a column is missing, a row is wrong, or no recording can be used.
    """
    path = path.absolute()
    columns = dict(columns or {})
    rows = each_row(path, columns)
    if is_audformat(path):  # which holds all of them
        rows = iter(held := list(rows))
        columns.pop("table", None)
        header = list(dict.fromkeys(name for _, row in held for name in row))
    else:
        rows = chain([next(rows)], rows)  # what is wrong with the whole of it is told before what columns it lacks
        header = columns_of(path, columns)
    named = _settle(columns, header, path)
    clips = _clips(rows, named, path)
    _require_one_each("split", clips, path)
    _require_one_each("fold", clips, path)
    manifest = _with_audio(clips, path)
    return replace(
        manifest,
        notes=(*_unused(header, named), *manifest.notes, *_without_names(manifest), *_of_one_speaker(manifest)),
    )


def _clips(rows: Iterable[tuple[int | str, Row]], named: Mapping[str, list[str]], path: Path) -> list[_Placed]:
    """Return the clips in the order of their rows, which are not held."""
    places: dict[str, int | str] = {}
    clips: list[_Placed] = []
    folder = home(path)
    for place, row in rows:
        try:
            cells = {role: [row.get(name, "") for name in names] for role, names in named.items()}
            clip = _clip(_Cells(cells, named), folder)
            if clip.id in places:
                raise ValueError(f"{clip.id} is the clip of row {places[clip.id]} already; keep one of them")
        except ValueError as error:
            raise UserError(f"{path}, row {place}: {error}") from error
        places[clip.id] = place
        clips.append((place, clip))
    return clips


def _unused(header: Sequence[str], named: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return a note that names the columns nobody asked for: one of them may be a transcript under another name."""
    used = {name for names in named.values() for name in names}
    # Some signs cannot be seen: a header may hold one of them.
    left = [name if name.isprintable() else ascii(name) for name in header if name not in used]
    return (f"columns that are not used: {', '.join(left)}",) if left else ()


def _without_names(manifest: Manifest) -> tuple[str, ...]:
    """Return a note where labels are numbers: whoever made the table knows what they mean."""
    labels = sorted({utterance.label for utterance in manifest if utterance.label is not None})
    if not labels or not all(label.isdecimal() for label in labels):
        return ()
    return (f"labels are numbers, and the table does not name them: {', '.join(labels[:10])}",)


def _of_one_speaker(manifest: Manifest) -> Iterator[str]:
    """Yield the labels most of which one of several speakers has: what tells the speaker then tells the label."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for utterance in manifest:
        if utterance.label is not None and utterance.speaker:
            said[utterance.label][utterance.speaker] += 1
    speakers = {speaker for of_label in said.values() for speaker in of_label}
    for label, of_label in sorted(said.items()):
        speaker, number = of_label.most_common(1)[0]
        if number >= _TIED * of_label.total() and number >= _FEW and len(speakers) >= _FEW_SPEAKERS:
            yield f"{label}: {number} of {of_label.total()} are by speaker {speaker}: voice and label are one"


def _settle(options: Columns, header: Sequence[str], path: Path) -> dict[str, list[str]]:
    """Return the columns of each role: what was asked for, or else the column of the role's name."""
    for role in options:
        if role not in ROLES:
            raise one_of("role of a column", role, list(ROLES))
    # Who names the scores wants them, though there may be labels too; and the other way round.
    other = {"label": "score", "score": "label"}
    usual = {
        role: role
        for role in ROLES
        if role in header and role not in RATED and not (role in other and options.get(other[role]))
    }
    named = {
        role: [names] if isinstance(names, str) else list(names or ()) for role, names in (usual | {**options}).items()
    }
    for role, names in named.items():
        for name in names:
            if name not in header:
                raise UserError(f"{path} has no column {name!r} for the {role}: it has {listed(path, header)}")
    _require_enough(named, options, header, path)
    # What recordings are called that lie in the table itself.
    named["name"] = [f"{named['audio'][0]}.path"]
    return {role: names for role, names in named.items() if names}


def _require_enough(named: Mapping[str, list[str]], options: Columns, header: Sequence[str], path: Path) -> None:
    has = f"{path} has the columns {listed(path, header)}"
    if not named.get("audio"):
        raise UserError(f"{has}, none of which is audio; say which holds the paths, as in audio=file")
    if not any(named.get(role) for role in ("label", "score", *RATED)):
        raise UserError(f"{has}, none of which is label or score; say which holds the emotion, as in label=emotion")
    if not named.get("speaker") and "speaker" not in options:
        raise UserError(
            f"{has}, none of which is speaker, so training and test could hear the same voice; say which it is, or "
            "speaker: null (--columns speaker=) if nobody knows"
        )


@dataclass(frozen=True)
class _Cells:
    """The cells of a row by role, and the names of their columns."""

    cells: Mapping[str, list[str]]
    named: Mapping[str, list[str]]

    def text(self, role: str, *, needed: bool = True) -> str:
        """Return what a role's only cell says; empty where there is no such column.

        Raises:
            ValueError: if it is empty though `needed`, or garbled.
        """
        cell = self.cells.get(role, [""])[0]
        if needed and role in self.named and not cell:
            raise ValueError(f"its {self.named[role][0]} is empty; fill it in or delete the row")
        if cell and role not in ("audio", "name") and (wrong := garbled(cell)):
            raise ValueError(f"its {self.named[role][0]} is {wrong}; mend it or delete the row")
        return cell

    def seconds(self, role: str) -> float | None:
        """Return a time; None where there is none."""
        text = self.text(role, needed=False)
        return _number(text, self.named[role][0]) if text else None

    def scores(self) -> dict[str, float]:
        """Return the scores by the names of their columns."""
        names = self.named.get("score", ())
        return {name: _number(text, name) for name, text in zip(names, self.cells.get("score", ()), strict=True)}


def _clip(cells: _Cells, folder: Path) -> Utterance:
    """Return a row's utterance, its duration still unknown.

    Raises:
        ValueError: what is wrong with the row.
    """
    name = cells.text("name", needed=False)
    audio = cells.text("audio", needed=not name)
    if not name:
        audio = name = sys.intern(_below(audio, folder))
    start, end = cells.seconds("start") or 0.0, cells.seconds("end")
    if start < 0 or (end is not None and start >= end):
        raise ValueError(f"it starts at {start:g} s and ends at {end} s; expected 0 <= start < end")
    try:
        channel = channel_of(cells.text("channel", needed=False))
    except ValueError as error:
        raise ValueError(f"{error}; where the column is no channel's, ignore it with channel: null") from error
    split = SPLIT_WORDS.get(cells.text("split"), cells.text("split"))
    if split not in ("", *SPLITS):
        raise ValueError(f"its {cells.named['split'][0]} is {short(split)}; expected one of {', '.join(SPLITS)}")
    ratings = ratings_of(cells.cells, cells.named)
    return Utterance(
        id=_called(name, start, end, channel),
        audio=audio,
        duration=0.0,
        transcript=cells.text("transcript", needed=False),
        speaker=sys.intern(cells.text("speaker")),
        group=cells.text("group") or (os.path.basename(audio) if os.path.isabs(audio) else audio),
        start=start,
        end=end,
        channel=channel,
        split=split,
        fold=cells.text("fold"),
        label=sys.intern(cells.text("label")) or most(ratings),
        scores=cells.scores(),
        ratings=ratings,
        heard_by=sys.intern(cells.text("heard_by", needed=False)),
    )


def _called(name: str, start: float, end: float | None, channel: int | None) -> str:
    """Return the id of a clip: its file, and which channel and part of it."""
    of_channel = name if channel is None else f"{name}[{channel}]"
    return of_channel if (start, end) == (0.0, None) else f"{of_channel}:{start}-{'' if end is None else end}"


def _below(audio: str, folder: Path) -> str:
    """Return the path of a recording relative to a folder, without detours."""
    if os.path.isabs(audio):
        return os.path.relpath(audio, folder)
    audio = os.path.normpath(audio)
    return os.path.relpath(folder / audio, folder) if audio.startswith("..") else audio


def _number(text: str, name: str) -> float:
    if (value := number(text)) is None:
        raise ValueError(f"its {name} is {short(text)}; expected a number")
    return value


def _require_one_each(role: str, clips: Iterable[tuple[int | str, Utterance]], path: Path) -> None:
    first: dict[str, tuple[int | str, Utterance]] = {}
    for place, clip in clips:
        before, other = first.setdefault(clip.speaker, (place, clip))
        here, there = getattr(clip, role), getattr(other, role)
        if clip.speaker and here != there:
            kind = "fold " if role == "fold" else ""
            meant = "; folds that mix speakers on purpose are lists (data.init_args.fold_lists)" if kind else ""
            raise UserError(
                f"{path}, row {place}: speaker {clip.speaker} is in {kind}{here} here and in {kind}{there} in row "
                f"{before}; move the speaker to one of them, or ignore the column with {role}: null (--columns {role}=)"
                f"{meant}"
            )


def _with_audio(clips: list[_Placed], path: Path) -> Manifest:
    """Return the clips that can be heard, and the others as problems; of each file one clip after the other."""
    folder = home(path)
    files: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for index, (_, clip) in enumerate(clips):
        files[clip.audio, clip.channel].append(index)
    wrong: dict[int, BadAudioError] = {}
    mixed: set[str] = set()
    for (audio, channel), indices in files.items():
        spans = [(clips[index][1].start, clips[index][1].end) for index in indices]
        for index, found in zip(indices, check_clips(folder / audio, spans, channel), strict=True):
            if isinstance(found, BadAudioError):
                wrong[index] = found
            else:
                place, clip = clips[index]
                clips[index] = place, replace(clip, duration=found.seconds)
                mixed |= {audio} if found.channels > 1 else set()
    problems = [_problem(*clips[index], wrong[index]) for index in sorted(wrong)]
    utterances = [clip for index, (_, clip) in enumerate(clips) if index not in wrong]
    if not utterances:
        raise UserError(f"{path}: none of its recordings can be used; {problems[0].message}")
    problems += near_misses(folder, utterances)
    notes = (f"{len(mixed)} recordings have several channels, which are mixed: a column channel says which to hear",)
    ordered = tuple(sorted(utterances, key=lambda one: one.id))
    return Manifest("table", home(path), ordered, tuple(problems), notes if mixed else ())


def _problem(place: int | str, clip: Utterance, error: BadAudioError) -> Problem:
    embedded = not clip.audio or os.path.isabs(clip.audio)
    message = f"row {place}: {clip.id if embedded else clip.audio} {error}; the row is left out"
    return Problem(error.kind, message, clip.id)
