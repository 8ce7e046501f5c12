"""What the names of audio files and of their folders say: label, speaker, and a transcript in a file beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from mser.audio.suffixes import SUFFIXES, VIDEOS, heard_in
from mser.corpora.text_files import garbled, read_or_windows
from mser.errors import UserError

FOLDER = "folder"
"""In the place of an expression: the name of the folder that a file lies in."""
ROLES = ("label", "speaker")
Find = Callable[[str], str]
"""From a path to the word in it, which is empty where there is none."""


@dataclass(frozen=True)
class NamedFile:
    """An audio file and what its name says.

    Attributes:
        path: relative to the folder that was looked through, with ``/``.
        words: role (``label``, ``speaker``) to the word.
        transcript: empty where there is none.
    """

    path: str
    words: Mapping[str, str]
    transcript: str = ""


@dataclass
class NamedFiles:
    """All audio below a folder.

    Attributes:
        named: the files whose names say all that was asked for, by path.
        missed: role to the paths in which it was not found.
        silent: what of `named` has no transcript, and why, where transcripts were asked for.
        videos: how many files have their sound in a video.
    """

    named: list[NamedFile] = field(default_factory=list)
    missed: dict[str, list[str]] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)
    videos: int = 0


def find_words(label_from: str | None, speaker_from: str | None) -> dict[str, Find]:
    r"""Return what finds the label in a path, and the speaker where anything says how.

    Either may be `FOLDER` or a regular expression, which may stand anywhere in the path: the group of the role's name
    holds the word, or else the first group that is not the other role's. One expression may name both.

    Raises:
        UserError: if an expression cannot be read, has no group for its role, or both say the same thing twice.

    Example:
        >>> find = find_words(r"([a-z]+)-(?P<speaker>[fm]\d)-", None)
        >>> {role: word("f1/dis-f1-b1.wav") for role, word in find.items()}
        {'label': 'dis', 'speaker': 'f1'}
        >>> find_words(r"[a-z]+-", None)
        Traceback (most recent call last):
        mser.errors.UserError: --label-from '[a-z]+-' has no group to take the label from; put (?P<label>...) around it
    """
    sources = {"label": label_from, "speaker": speaker_from}
    if label_from == speaker_from == FOLDER:
        raise UserError("a folder cannot name both label and speaker; give an expression for one of them")
    expressions = {role: _compiled(role, how) for role, how in sources.items() if how and how != FOLDER}
    for role, other in (ROLES, ROLES[::-1]):
        if not sources[other] or sources[other] == FOLDER or role not in expressions[other].groupindex:
            continue
        if not sources[role]:
            expressions[role] = expressions[other]
        elif sources[role] != sources[other]:
            raise UserError(f"--{other}-from has a group {role} too; leave out that group, or --{role}-from")
    if not sources["label"] and "label" not in expressions:
        raise UserError(f"nothing says where the label stands; give --label-from {FOLDER}, or an expression")
    finders = {role: _in_group(role, expression) for role, expression in expressions.items()}
    finders |= {role: _folder for role, how in sources.items() if how == FOLDER}
    return {role: finders[role] for role in ROLES if role in finders}


def read_names(folder: Path, find: Mapping[str, Find], suffix: str | None = None) -> NamedFiles:
    """Return the audio files below a folder, hidden ones aside, and what their names say.

    Args:
        folder: looked through at any depth.
        find: as `find_words` returns it.
        suffix: of the file beside the audio, of the same name, that holds its transcript; none when None.

    Raises:
        UserError: if there is no folder, or no audio in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; give one with audio files in it, at any depth")
    paths = sorted(_visible(folder))
    audio = heard_in(paths)
    result = NamedFiles(videos=sum(path.lower().endswith(VIDEOS) for path in set(paths) - set(audio)))
    if not audio:
        hint = (
            f"run `mser data extract-audio {folder}` on its {result.videos} videos" if result.videos else "give another"
        )
        raise UserError(f"{folder} holds no audio ({', '.join(SUFFIXES)}); {hint}")
    for path in audio:
        # The same letters may be written in two ways; file systems differ in that.
        words = {role: _word(find_it(normalize("NFC", path))) for role, find_it in find.items()}
        lacking = next((role for role, word in words.items() if not word), "")
        if lacking := lacking or ("" if _is_unicode(path) else "name in UTF-8"):
            result.missed.setdefault(lacking, []).append(path)
            continue
        text, why = ("", "") if suffix is None else _transcript(folder / path, suffix)
        result.named.append(NamedFile(path, words, text))
        if why:
            result.silent.append(f"{path} {why}")
    return result


def _compiled(role: str, expression: str) -> re.Pattern[str]:
    try:
        return re.compile(normalize("NFC", expression))
    except (re.error, OverflowError, RecursionError) as error:
        raise UserError(f"--{role}-from '{expression}' is no regular expression: {error}; mend it") from error


def _in_group(role: str, expression: re.Pattern[str]) -> Find:
    others = {expression.groupindex.get(other) for other in ROLES if other != role}
    free = (number for number in range(1, expression.groups + 1) if number not in others)
    if not (group := expression.groupindex.get(role) or next(free, None)):
        raise UserError(
            f"--{role}-from '{expression.pattern}' has no group to take the {role} from; put (?P<{role}>...) around it"
        )
    return lambda path: (match[group] or "") if (match := expression.search(path)) else ""


def _folder(path: str) -> str:
    return PurePosixPath(path).parent.name


def _visible(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if not any(part.startswith(".") for part in relative.parts) and path.is_file():
            yield relative.as_posix()


def _is_unicode(path: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in path)


def _word(word: str) -> str:
    """Return it as a cell of a table can hold it."""
    return "" if garbled(word) else " ".join(word.split())


def _transcript(audio: Path, suffix: str) -> tuple[str, str]:
    """Return the transcript in one line, and why there is none."""
    file = audio.with_suffix(suffix)
    if not file.is_file():
        return "", f"has no {file.name} beside it"
    try:
        text = " ".join(read_or_windows(file).split())
    except UserError as error:
        return "", f"has no transcript: {error}"
    wrong = garbled(text)
    return ("", f"has no transcript: {file.name} holds {wrong}") if wrong else (text, "")
