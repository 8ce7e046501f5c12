"""Text files as they are met: mostly UTF-8, and mostly text."""

from __future__ import annotations

import csv
import io
import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path

from mser.audio.wav import LFS_POINTER
from mser.errors import UserError
from mser.manifest import Problem

_COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_PAGE = re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
_CONFLICT = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)
_CONTROL = re.compile("[\0-\x08\x0e-\x1b\x7f\N{REPLACEMENT CHARACTER}]")  # but for what is blank
_SHORT = 40  # letters of a text that are shown
LONGEST = 1 << 20
"""Letters of a line or cell; csv alone reads no more than 131,072, and nobody says so much at once."""


class NoTextError(UserError):
    """A file that should hold text and holds something else."""


def read_text(path: Path) -> tuple[str, list[Problem]]:
    """Return the text of a file in UTF-8, or else in Windows-1252 and a problem that says so.

    Raises:
        NoTextError: if it is no text; its message is the file's name and the reason.
        UserError: if the file cannot be opened.
    """
    data = _bytes(path)
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path.name}:{line} is not in UTF-8; it is read as Windows-1252, save the file as UTF-8"
        return _windows(data), [Problem("encoding", message)]


def read_or_windows(path: Path) -> str:
    """Return the text of a file, each line in UTF-8, or else in Windows-1252, which older releases were written in.

    Raises:
        NoTextError: if it is no text.
        UserError: if the file cannot be opened.
    """
    data = _bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "\n".join(map(_decoded, data.removeprefix(BOM_UTF8).split(b"\n")))


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a text: what Unicode takes for a line's end too may stand within a transcript.

    Example:
        >>> lines_of("it was\x85 great\nreally\r\n")
        ['it was\x85 great', 'really', '']
    """
    return re.split(r"\r\n|\r|\n", text)


def read_csv(path: Path, text: str, columns: Sequence[str], advice: str) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield the rows of a table with their lines; a row that is too short has None in its last cells.

    Args:
        path: where the text is from.
        text: its content.
        columns: that it must have, each once.
        advice: what to do with a file that is damaged.

    Raises:
        UserError: for a column that is missing or there twice, and for what is no CSV.
    """
    csv.field_size_limit(LONGEST)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = reader.fieldnames or ()
        if missing := [name for name in columns if name not in header]:
            has = ", ".join(map(short, header[:20])) or "nothing"
            raise UserError(
                f"{path} has no column {', '.join(missing)}; expected {', '.join(columns)}, found {has}; {advice}"
            )
        if twice := [name for name in columns if list(header).count(name) > 1]:
            raise UserError(f"{path} has several columns {twice[0]!r}; delete all but the right one")
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num} cannot be read as CSV ({error}); {advice}") from error


def wrong_text(text: str) -> str:
    """Return why a transcript cannot be what was said; nothing if it can.

    Example:
        >>> wrong_text("it was 5 of 5"), wrong_text("5 5"), wrong_text("")
        ('', "'5 5', which holds no word", 'nothing')
    """
    return garbled(text) or ("" if any(map(str.isalpha, text)) else f"{short(text)}, which holds no word")


def garbled(text: str) -> str:
    r"""Return why a transcript is none; nothing if it can be one: of numbers or exclamation marks too.

    Example:
        >>> garbled("8. 8!"), garbled("a\0b"), garbled("")
        ('', "'a\\x00b', which holds control characters", 'nothing')
    """
    if not text.strip():
        return "nothing"
    if _CONTROL.search(text):
        return f"{short(text)}, which holds control characters"
    if why := _no_text(text[:LONGEST].lstrip().encode("utf-8", "surrogatepass")):
        return f"{short(text)}, which {why}"
    if _is_json(text):
        return f"{short(text)}, which is JSON, not what was said"
    return f"{short(text)} and {len(text)} letters in all" if len(text) > LONGEST else ""


def _is_json(text: str) -> bool:
    """Whether a text is an object of JSON, or a list: of words that somebody said in brackets it is none."""
    if not (text.strip()[:1] in "{[" and text.strip()[-1:] in "}]"):
        return False
    try:
        return bool(json.loads(text))
    except (ValueError, RecursionError):
        return False


def number(text: str) -> float | None:
    """Return the finite number that is written; None for anything else.

    Example:
        >>> number(" 3.5"), number("3,5"), number("1_000"), number("nan")
        (3.5, None, None, None)
    """
    try:
        value = float(text) if "_" not in text else float("nan")
    except (ValueError, OverflowError):
        return None
    return value if isfinite(value) else None


def channel(text: str) -> int | None:
    """Return the channel that a cell of a table names, counted from 1; None of an empty one: all of them, mixed.

    Raises:
        ValueError: if it names none.

    Example:
        >>> channel("2"), channel("2.0"), channel("")
        (2, 2, None)
    """
    value = number(text) if text else None
    if text and (value is None or value < 1 or not value.is_integer()):
        raise ValueError(f"its channel is {short(text)}; expected 1, 2, ..., or nothing for all, mixed")
    return int(value) if value else None


def short(text: object) -> str:
    """Return what was found as a message can hold it.

    Example:
        >>> short("a" * 50)
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'"
    """
    quoted = text if isinstance(text, str) else repr(text)
    return repr(quoted if len(quoted) <= _SHORT else f"{quoted[:_SHORT]}...")


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would be waited for
            raise UserError(f"{path} is no file; put the corpus's own in its place")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; make the corpus readable") from error
    if why := _no_text(data):
        raise NoTextError(f"{path.name} {why}")
    return data


def _no_text(data: bytes) -> str:
    if data.startswith(LFS_POINTER):
        return "is a pointer of Git LFS, not the file itself; fetch it with `git lfs pull`"
    if data.startswith(_UTF_16) or data.count(b"\0") > len(data) // 10:
        return "is in UTF-16 or holds no text; save it as UTF-8"
    if data.startswith(_COMPRESSED):
        return "is compressed; unpack it"
    if _PAGE.match(data):
        return "is a web page, not the file itself; download it again"
    if _CONFLICT.search(data):
        return "holds the marks of a merge conflict; restore it"
    if data.startswith(b"{\\rtf"):
        return "is in RTF; save it as plain text"
    return ""


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return _windows(line)


def _windows(data: bytes) -> str:
    """Return text in Windows-1252, of which five bytes are not used: those stay what they are in Latin-1."""
    return data.decode("latin-1").translate(_CP1252)


_CP1252 = {code: bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(0x80, 0xA0)}
