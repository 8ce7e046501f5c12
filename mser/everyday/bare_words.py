"""A transcript as many recognisers of speech write it: words alone, without what a transcriber heard in the voice."""

from __future__ import annotations

import re
import unicodedata

_TAG = re.compile(r"\[.*?\]")  # [LAUGHTER], which a transcriber types
_APOSTROPHES = str.maketrans("\u2019\u02bc", "''")


def unpunctuated(transcript: str) -> str:
    """Return a transcript in lower case without punctuation and without tags such as ``[LAUGHTER]``.

    Letters, their marks and digits stay, and what joins them: an apostrophe, and a point or comma within a number.

    Example:
        >>> unpunctuated("Oh my God! [LAUGHTER] You didn't pay 3.50, did you?!")
        "oh my god you didn't pay 3.50 did you"
    """
    return without_punctuation(transcript).lower()


def without_punctuation(transcript: str) -> str:
    """Return the words of a transcript in the case that they have; see `unpunctuated`."""
    text = _TAG.sub(" ", unicodedata.normalize("NFC", transcript)).translate(_APOSTROPHES)
    kept = (letter if _stays(text, place) else " " for place, letter in enumerate(text))
    return " ".join("".join(kept).split())


def _stays(text: str, place: int) -> bool:
    letter, around = text[place], text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    if unicodedata.category(letter)[0] in "LMN":
        return True
    joined = len(around) == 2 and {"'": around.isalpha(), ".": around.isdigit(), ",": around.isdigit()}
    return bool(joined and joined.get(letter, False))
