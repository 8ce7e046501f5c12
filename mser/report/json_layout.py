"""How ``report.json`` is made of what the report says: a dataclass is an object whose keys are its fields' names.

Format 1 has no objects of its own for some of them: the figures of a row stand beside its name. Metadata of a field
says so:

- `FLAT`: the field's entries, or the fields of the dataclass that it is, stand in the object around it.
- `KNOWN`: there is no such key where the field is None.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

_FLAT, _KNOWN = "flat", "known"
FLAT: Mapping[str, Any] = {_FLAT: ()}
KNOWN: Mapping[str, Any] = {_KNOWN: True}


def flat_or_null(names: Iterable[str]) -> Mapping[str, Any]:
    """Return `FLAT`'s metadata for a field that may be None: all of its names are null then."""
    return {_FLAT: tuple(names)}


def as_json(report: object, *, allow_nan: bool = False) -> str:
    """Return what ``report.json`` holds.

    Args:
        report: a dataclass, or a list of some.
        allow_nan: write what is no number as ``NaN``.

    Raises:
        ValueError: for a number that JSON cannot hold.
    """
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=allow_nan, default=as_object)


def as_object(part: Any) -> dict[str, Any]:
    """Return a dataclass as an object of JSON; what is in it stays what it is.

    Example:
        >>> from dataclasses import dataclass, field
        >>> @dataclass
        ... class Row:
        ...     name: str
        ...     scores: dict[str, float] = field(metadata=FLAT)
        ...     note: str | None = field(default=None, metadata=KNOWN)
        >>> as_object(Row("both", {"ua": 0.7}))
        {'name': 'both', 'ua': 0.7}
    """
    found: dict[str, Any] = {}
    for entry in fields(part):
        value = getattr(part, entry.name)
        if _FLAT in entry.metadata:
            found |= _entries(value, entry.metadata[_FLAT])
        elif value is not None or _KNOWN not in entry.metadata:
            found[entry.name] = value
    return found


def _entries(value: Any, names: Iterable[str]) -> Mapping[str, Any]:
    if value is None:
        return dict.fromkeys(names)
    return value if isinstance(value, Mapping) else as_object(value)
