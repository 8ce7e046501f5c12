"""The options in which runs differ, by the names of the command line, and how a person reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def setting(value: Any) -> str:
    """Return a setting as a person reads it: numbers with three digits.

    Example:
        >>> setting(0.0027583475549166764), setting(None), setting("tiny"), setting([1, 2])
        ('0.00276', 'null', 'tiny', '[1, 2]')
    """
    if isinstance(value, str):
        return value
    return f"{value:.3g}" if isinstance(value, float) else json.dumps(value)


def brief(settings: Mapping[str, Any]) -> str:
    """Return settings in a line.

    Example:
        >>> brief({"model.dropout": 0.1, "model.text": None})
        'model.dropout 0.1, model.text null'
    """
    return ", ".join(f"{name} {setting(value)}" for name, value in settings.items())


def flat(node: Any, name: str = "") -> dict[str, Any]:
    """Return the leaves of nested settings by dotted names, as they are written on the command line."""
    if not isinstance(node, dict) or not node:
        return {name: node}
    return {
        key: value
        for child, inner in node.items()
        for key, value in flat(inner, name if child == "init_args" else f"{name}.{child}".strip(".")).items()
    }
