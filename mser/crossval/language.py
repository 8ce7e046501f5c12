"""Whether an encoder knows the language that a corpus is in, as far as names tell. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def language_note(corpus: str, language: str | None, model: Mapping[str, Any]) -> str | None:
    """Return a note on a Whisper encoder for English alone that is to hear another language; None where all is well.

    Args:
        corpus: its name.
        language: of its recordings, such as ``de``; None where nobody knows.
        model: the options of a fit's model.

    Example:
        >>> language_note("emodb", "de", {"speech": {"name": "models/whisper-tiny.en"}})
        'models/whisper-tiny.en is for English alone, emodb is in another language (de): whisper-tiny hears that too'
        >>> language_note("iemocap", "en", {"speech": {"name": "models/whisper-tiny.en"}})
    """
    speech = model.get("speech") or {}
    name = str(speech.get("init_args", speech).get("name", ""))
    if language in (None, "en") or not re.search(r"whisper-[\w-]+\.en/?$", name):
        return None
    other = name.rstrip("/").rpartition("/")[2].removesuffix(".en")
    return f"{name} is for English alone, {corpus} is in another language ({language}): {other} hears that too"
