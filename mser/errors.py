"""The one error that a user can cause: said in a line, exit code 2, no traceback."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NO_MEMORY = (
    *("not enough memory", "can't allocate memory"),  # torch's allocator on the CPU
    *("out of memory", "alloc_failed"),  # CUDA and cuBLAS
    "could not create a primitive",  # oneDNN
)


class UserError(Exception):
    """What was found, what was expected and what to do, in one line.

    The command line prints it and exits with code 2; anything else that is raised is a bug of ours and keeps its
    traceback.

    Example:
        >>> raise UserError("fold 9 was asked for, but iemocap/loso5 has folds 1 to 5; choose one of them")
        Traceback (most recent call last):
        mser.errors.UserError: fold 9 was asked for, but iemocap/loso5 has folds 1 to 5; choose one of them
    """


def one_of(what: str, value: object, choices: list[str]) -> UserError:
    """Return the error for a name that is not among `choices`, with the nearest one suggested.

    Example:
        >>> print(one_of("protocol", "iemocap/losso5", ["iemocap/loso5", "mosi/official"]))
        unknown protocol 'iemocap/losso5': expected one of iemocap/loso5, mosi/official; did you mean 'iemocap/loso5'?
    """
    near = nearest(str(value), choices)
    hint = f"; did you mean {near!r}?" if near else ""
    return UserError(f"unknown {what} {value!r}: expected one of {', '.join(choices)}{hint}")


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a name is most like: but for case, without what stands before it, or misspelled.

    Example:
        >>> nearest("loso5", ["iemocap/superb", "iemocap/loso5"]), nearest("batchsize", ["batch_size", "batch_seconds"])
        ('iemocap/loso5', 'batch_size')
        >>> nearest("quux", ["fold", "root"]) is None
        True
    """
    return next(iter(near(word, choices)), None)


def near(word: str, choices: Iterable[str], most: int = 1) -> list[str]:
    """Return up to so many choices that a name is like, as `nearest` says, the likest first."""
    from difflib import get_close_matches

    plain = {choice.lower(): choice for choice in choices}
    wanted = word.lower()
    ends = [choice for choice in plain if re.split(r"[/.]", choice)[-1] == wanted]
    close = [wanted] if wanted in plain else ends or get_close_matches(wanted, list(plain), most)
    return [plain[close_choice] for close_choice in close[:most]]


def require(name: str, value: object, fits: bool, expected: str) -> None:
    """Accept the value of an option.

    Raises:
        UserError: if it does not fit.

    Example:
        >>> require("warmup", 7, False, "a share from 0 to 1")
        Traceback (most recent call last):
        mser.errors.UserError: warmup is 7; expected a share from 0 to 1
    """
    if not fits:
        raise UserError(f"{name} is {value}; expected {expected}")


def require_interface(owner: type | object, name: str, purpose: str) -> None:
    """Accept a library that still has a name which it does not promise, and which would be missed in silence.

    Raises:
        RuntimeError: if it has not.

    Example:
        >>> require_interface(str, "_cut", "words are cut")
        Traceback (most recent call last):
        RuntimeError: str has no _cut, by which words are cut; install the versions of requirements.lock
    """
    if not hasattr(owner, name):
        called = getattr(owner, "__name__", type(owner).__name__)
        raise RuntimeError(f"{called} has no {name}, by which {purpose}; install the versions of requirements.lock")


def one_line(error: BaseException) -> str:
    r"""Return all that an error says, in one line.

    Example:
        >>> one_line(ValueError("no such option:\n  lrr"))
        'no such option: lrr'
    """
    return " ".join(str(error).split())


def brief(error: BaseException) -> str:
    r"""Return what an error says first, in one line: up to 200 characters; what it is where it says nothing.

    A line that ends in a colon is followed by what it announces.

    Example:
        >>> brief(RuntimeError("Error(s) in loading state_dict:\n\tsize mismatch for head.\n\tand so on"))
        'Error(s) in loading state_dict: size mismatch for head'
        >>> brief(EOFError())
        'EOFError'
    """
    message = ""
    for line in str(error).strip().splitlines():
        message = f"{message} {line.strip()}".strip()
        if not message.endswith(":"):
            break
    return message.rstrip(".")[:200] or type(error).__name__


def in_one_line(error: OSError) -> str:
    """Return what the file system said, and of which file.

    Example:
        >>> in_one_line(PermissionError(13, "Permission denied", "clips/a.wav"))
        'cannot use clips/a.wav: Permission denied; look whether it is there, readable, and has room'
    """
    where = str(error.filename)
    short = where if len(where) <= 300 else f"{where[:300]}..."
    return f"cannot use {short}: {error.strerror or error}; look whether it is there, readable, and has room"


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory was exhausted; torch has no class of its own for that on the CPU, only words.

    Example:
        >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"))
        True
    """
    message = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in message for words in _NO_MEMORY)
    )
