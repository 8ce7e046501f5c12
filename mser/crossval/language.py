"""Whether an encoder knows the language that a corpus is in, as far as names tell. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mser.export.card import LANGUAGE


def language_note(corpus: str, model: Mapping[str, Any]) -> str | None:
    """Return a note on a Whisper encoder for English alone that is to hear another language; None where all is well.

    Args:
        corpus: its name.
        model: the options of a fit's model.

    Example:
        >>> language_note("emodb", {"speech": {"name": "models/whisper-tiny.en"}})
        'models/whisper-tiny.en is for English alone, emodb is in another language (de): whisper-tiny hears that too'
        >>> language_note("iemocap", {"speech": {"name": "models/whisper-tiny.en"}})
    """
    speech = model.get("speech") or {}
    name, language = str(speech.get("init_args", speech).get("name", "")), LANGUAGE.get(corpus, "en")
    if language in (None, "en") or not re.search(r"whisper-[\w-]+\.en/?$", name):
        return None
    other = name.rstrip("/").rpartition("/")[2].removesuffix(".en")
    return f"{name} is for English alone, {corpus} is in another language ({language}): {other} hears that too"
