"""Which corpus a folder or table holds, and which of its columns say what. Imports no torch."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mser.corpora import CORPORA, corpus
from mser.corpora.corpus import Corpus
from mser.corpora.same_classes import emotion
from mser.corpora.table import corpus as table
from mser.corpora.table.names import FOLDER
from mser.corpora.table.rows import Columns, columns_of
from mser.errors import UserError
from mser.manifest import Manifest

_CALLED = {
    "audio": ("audio", "file", "path", "wav", "filename", "file_name", "audio_path", "audio_file", "recording", "clip"),
    "label": ("label", "emotion", "class", "emotion_label", "category", "emoclass", "sentiment_label"),
    "score": ("score", "sentiment", "valence"),
    "transcript": ("transcript", "transcription", "text", "sentence", "words", "utterance", "raw_text"),
    "speaker": ("speaker", "speaker_id", "spk", "spkrid", "actor", "actor_id", "user", "participant", "client_id"),
}
"""What columns are called that are not called like their role, in the order in which they are believed."""
_KNOWN = {"neu", "sad", "ang", "hap", "fea", "dis", "sur", "con", "exc", "fru", "bor", "calm"}
_MOST = 0.8  # of the files that lie in folders called like emotions


@dataclass(frozen=True)
class FoundCorpus:
    """What was found.

    Attributes:
        which: the corpus.
        manifest: everything in it, checked.
        root: where it lies.
        columns: of a table, those that are not called like their role; null where nobody knows.
    """

    which: Corpus
    manifest: Manifest
    root: Path
    columns: Mapping[str, str | list[str] | None]


def find_corpus(root: Path, name: str | None, columns: Columns) -> FoundCorpus:
    """Return what lies at a place.

    Args:
        root: a folder or a table.
        name: of the corpus, where somebody knows it.
        columns: of a table, by role, as far as they were named.

    Raises:
        UserError: if it is nothing that can be trained on, and what would make it so.
    """
    if not root.exists():
        raise UserError(f"{root} is not there; give the folder of a corpus, or a table with a row per clip")
    if name and name != table.NAME:
        which = corpus(name)
        return FoundCorpus(which, which.check(root), root, {})
    if name is None and root.is_dir() and (corpus_there := _known(root)):
        return corpus_there
    try:
        header = columns_of(root.absolute(), columns)
    except UserError as error:
        raise UserError(_no_table(root)) if root.is_dir() else error from error
    named = dict(columns) | {
        role: column for role, column in _guessed(header).items() if role not in columns and role != column
    }
    if "speaker" not in named and "speaker" not in header:
        named["speaker"] = None
    which = table.open_table(root, named)
    plain = {role: names if isinstance(names, str) else list(names or ()) or None for role, names in named.items()}
    return FoundCorpus(which, which.check(root), root, plain)


def _known(root: Path) -> FoundCorpus | None:
    """Return the corpus that a folder is of, if it is of one that mser knows."""
    for which in CORPORA.values():
        if which.name == table.NAME:
            continue
        try:
            manifest = which.check(root)
        except UserError:
            continue
        if manifest.utterances:
            return FoundCorpus(which, manifest, root, {})
    return None


def _guessed(header: list[str]) -> dict[str, str]:
    """Return the column of each role by what columns are usually called; a score only where there is no label.

    Example:
        >>> _guessed(["file", "Emotion", "text", "age"])
        {'audio': 'file', 'label': 'Emotion', 'transcript': 'text'}
    """
    lower = {column.lower(): column for column in reversed(header)}
    columns = {role: lower[name] for role, names in _CALLED.items() for name in reversed(names) if name in lower}
    if "label" in columns:
        columns.pop("score", None)
    return columns


def _no_table(root: Path) -> str:
    """Return what to do with a folder that is no corpus and no table: often its folders are called like emotions."""
    from mser.audio.suffixes import SUFFIXES

    recordings = [path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES]
    if not recordings:
        return f"{root} is no corpus that mser knows, and holds no recordings; give another folder, or a table"
    paths = [path.relative_to(root).as_posix() for path in recordings]
    return (
        f"{root} is no corpus that mser knows, but holds {len(recordings)} recordings, such as "
        f"{paths[0]}; list them first: mser data table {shlex.quote(str(root))} --label-from {_label_from(paths)} "
        "--out recordings.csv, then mser init recordings.csv"
    )


def _label_from(paths: Sequence[str]) -> str:
    r"""Return what finds the label in the most paths: the folder, a part of the name, or an expression to mend.

    Example:
        >>> print(_label_from(["happy/1.wav", "sad/1.wav"]), _label_from(["anna_happy_1.wav", "ben_sad_2.wav"]))
        folder '(^|/)([^/_-]+[_-]){1}(?P<label>[A-Za-z]+)[^/]*$'
    """
    needed = _MOST * len(paths)
    folders = [PurePosixPath(path).parent.name for path in paths]
    if sum(emotion(folder) in _KNOWN for folder in folders) >= needed:
        return FOLDER
    parts = [re.split(r"[_-]", PurePosixPath(path).stem) for path in paths]
    for place in range(max(map(len, parts))):
        if sum(emotion(names[place]) in _KNOWN for names in parts if place < len(names)) >= needed:
            return f"'(^|/)([^/_-]+[_-]){{{place}}}(?P<label>[A-Za-z]+)[^/]*$'"
    return "'(?P<label>[A-Za-z]+)'"
