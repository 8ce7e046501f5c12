"""Whether the encoders know the language that a corpus is in, as far as names tell. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_ENGLISH_WHISPER = re.compile(r"(distil-)?whisper-[\w.-]+\.en")
_ENGLISH_TEXT = re.compile(
    r"(bert-(base|large)-(un)?cased|(distil)?roberta-(base|large)|distilbert-base-(un)?cased|albert-\w+-v\d|"
    r"deberta-(v3-)?(xsmall|small|base|large|xlarge)|electra-(small|base|large)-\w+|modernbert-(base|large)|"
    r"xlnet-(base|large)-cased|gpt2(-\w+)?|(all|multi-qa|msmarco)-(minilm|mpnet|distilroberta)[\w.-]*|"
    r"bge-(small|base|large)-en[\w.-]*|e5-(small|base|large)(-v2)?)",
    re.IGNORECASE,
)


def language_notes(corpus: str, language: str | None, model: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note on each encoder for English alone that is given another language.

    Args:
        corpus: its name.
        language: of its recordings, such as ``de``; None where nobody knows.
        model: the options of a fit's model.

    Example:
        >>> model = {"speech": {"name": "models/whisper-tiny.en"}, "text": {"name": "roberta-large"}}
        >>> for note in language_notes("emodb", "de", model):
        ...     print(note)
        models/whisper-tiny.en is for English alone, emodb is in another language (de): whisper-tiny hears that too
        roberta-large is for English alone, emodb is in another language (de): xlm-roberta-base reads that too
        >>> list(language_notes("iemocap", "en", model)), list(language_notes("table", None, model))
        ([], [])
    """
    if language is None or language.lower().partition("-")[0] == "en":
        return
    message = f"is for English alone, {corpus} is in another language ({language})"
    speech, text = (_name(model.get(side)) for side in ("speech", "text"))
    if _ENGLISH_WHISPER.fullmatch(_last(speech)):
        yield f"{speech} {message}: {_last(speech).removesuffix('.en')} hears that too"
    if _ENGLISH_TEXT.fullmatch(_last(text)):
        yield f"{text} {message}: xlm-roberta-base reads that too"


def _name(encoder: Mapping[str, Any] | None) -> str:
    options = encoder or {}
    return str(options.get("init_args", options).get("name", ""))


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]
