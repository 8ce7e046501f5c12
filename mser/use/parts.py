"""The parts of a model as a folder names them: ours by their short names, those of other packages by class path.

Imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mser.plugins import is_own

OURS = ("mser.fusion", "mser.objectives")
"""Whose classes have short names."""
ENCODERS = {
    "speech": "mser.encoders.encoder.SpeechEncoder",
    "text": "mser.encoders.encoder.TextEncoder",
}


def part(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``class`` and ``options`` of what a configuration gives as ``class_path`` and ``init_args``.

    Example:
        >>> part({"class_path": "mser.fusion.Shallow"})
        {'class': 'Shallow', 'options': {}}
        >>> part({"class_path": "mypackage.Sum", "init_args": {"bias": True}})
        {'class': 'mypackage.Sum', 'options': {'bias': True}}
    """
    module, _, name = settings["class_path"].rpartition(".")
    path = name if module in OURS else settings["class_path"]
    return {"class": path, "options": settings.get("init_args") or {}}


def encoder(settings: Mapping[str, Any] | None, side: str) -> dict[str, Any] | None:
    """Return the options of an encoder, or None where the model has none.

    Where its ``name`` is a backbone of another package that is a `part`; where the encoder's own class is another
    package's the options have a ``class``.
    """
    if settings is None:
        return None
    options = dict(settings.get("init_args", settings))
    if isinstance(options.get("name"), Mapping):
        options["name"] = part(options["name"])
    path = settings.get("class_path", ENCODERS[side])
    return options if is_own(path) else {"class": path, **options}


def has_files(encoder: Mapping[str, Any] | None) -> bool:
    """Return whether an encoder is of the hub or a folder, and so has files of its own beside the weights."""
    name = (encoder or {}).get("name")
    return isinstance(name, str) and name != "tiny"


def foreign(model: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of the classes of other packages that a model folder's settings name."""
    for options in model.values():
        for one in (options, options.get("name")) if isinstance(options, Mapping) else ():
            if isinstance(one, Mapping) and "." in one.get("class", ""):
                yield one["class"]
