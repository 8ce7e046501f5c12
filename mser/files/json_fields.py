"""JSON that lay on a disk: types say what its values must be, and whatever is otherwise is told in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from mser.errors import UserError

T = TypeVar("T")
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
"""A finite number, 0 or above."""
Whole = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


def loads(text: str | bytes) -> Any:
    """Return what JSON says.

    Raises:
        ValueError: whatever is wrong with it, also a name that is given two values, of which Python takes the last.

    Example:
        >>> loads('{"a": 1, "a": 2}')
        Traceback (most recent call last):
        ValueError: 'a' is there more than once
    """
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_object(path: Path, advice: str) -> dict[str, Any]:
    """Return the object that a file holds.

    Args:
        path: the file.
        advice: what to do if it is damaged.

    Raises:
        UserError: if it cannot be read, is no JSON, or holds anything else.
    """
    try:
        content = loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}; {advice}") from error
    except ValueError as error:
        raise UserError(f"cannot read {path}: {str(error)[:200]}; {advice}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no JSON object; {advice}")
    return content


def fit(kind: type[T], value: object, where: object, advice: str) -> T:
    """Return a value as a type that it must fit: a dataclass, a TypedDict or what they are made of.

    Args:
        kind: the type; what an object has beyond its fields is left out.
        value: of JSON.
        where: it was found.
        advice: what to do if it does not fit.

    Raises:
        UserError: if it does not.

    Example:
        >>> fit(dict[str, int], {"fold": "one"}, "metrics.json", "run this fold again")
        Traceback (most recent call last):
        mser.errors.UserError: metrics.json: Expected `int`, got `str` - at `$[...]`; run this fold again
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise UserError(f"{where}: {str(error)[:200]}; {advice}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)[:40]!r} is there more than once")
    return fields
