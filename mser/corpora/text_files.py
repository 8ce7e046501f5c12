"""Text files as they are met: mostly UTF-8, and mostly text."""

from __future__ import annotations

from pathlib import Path

from mser.errors import UserError
from mser.manifest import Problem


def read_text(path: Path) -> tuple[str, list[Problem]]:
    """Return the text of a file in UTF-8, or else in Windows-1252 and a problem that says so.

    Raises:
        UserError: if the file cannot be opened.
    """
    data = _bytes(path)
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path.name}:{line} is not in UTF-8; it is read as Windows-1252, save the file as UTF-8"
        return data.decode("cp1252", errors="replace"), [Problem("encoding", message)]


def read_or_latin(path: Path) -> str:
    """Return the text of a file in UTF-8, or else in Latin-1, in which every file can be read.

    Raises:
        UserError: if the file cannot be opened.
    """
    data = _bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def wrong_text(text: str) -> str:
    """Return why a transcript cannot be what was said; nothing if it can.

    Example:
        >>> wrong_text("it was 5 of 5"), wrong_text("5 5"), wrong_text("")
        ('', "'5 5', which holds no word", 'nothing')
    """
    if not text:
        return "nothing"
    if any(ord(letter) < 32 or letter == "\N{REPLACEMENT CHARACTER}" for letter in text):
        return f"{_short(text)}, which holds control characters"
    return "" if any(map(str.isalpha, text)) else f"{_short(text)}, which holds no word"


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; make the corpus readable") from error
