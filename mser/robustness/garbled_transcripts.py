"""Transcripts as a recogniser of speech might garble them, and how many words that really made wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from zlib import crc32

import numpy as np

from mser.errors import UserError
from mser.manifest import Utterance

SUBSTITUTED, DELETED = 0.6, 0.8
"""Where a uniform draw for a wrong word stops to be a substitution, and then a deletion; the rest are insertions."""


def words_of(utterances: Iterable[Utterance]) -> list[str]:
    """Return every word as often as it is said, so that a draw from them follows the corpus."""
    return [word for utterance in utterances for word in utterance.transcript.split()]


def garbled(transcript: str, rate: float, vocabulary: Sequence[str], *, key: str) -> str:
    """Return a transcript in which each word goes wrong with the probability `rate`.

    Six of ten wrong words are replaced by another one, two are left out, two are followed by one that was not said;
    the new words are drawn from the vocabulary. The draws are the utterance's own: what is wrong at a low rate is as
    wrong at a higher one.

    Args:
        transcript: what was said.
        rate: in [0, 1].
        vocabulary: words, each as often as it may be drawn.
        key: of the utterance; the same key gives the same errors.

    Example:
        >>> garbled("So nice to see you", 1.0, ["cat"], key="a")
        'cat cat to cat cat'
        >>> garbled("So nice to see you", 0.0, ["cat"], key="a")
        'So nice to see you'
    """
    spoken = transcript.split()
    random = np.random.default_rng((crc32(key.encode()), crc32(b"words")))
    wrong, how, which = random.random((3, len(spoken)))
    words: list[str] = []
    for place, word in enumerate(spoken):
        if wrong[place] >= rate:
            words.append(word)
            continue
        drawn = vocabulary[int(which[place] * len(vocabulary))]
        if how[place] < SUBSTITUTED:
            words.append(drawn)
        elif how[place] >= DELETED:
            words += [word, drawn]
    return " ".join(words)


def require_jiwer() -> None:
    """Accept an environment in which word error rates can be measured.

    Raises:
        UserError: otherwise.
    """
    if find_spec("jiwer") is None:
        raise UserError(
            "word error rates are measured by jiwer, which is not installed; run "
            "pip install 'multimodal-ser[robustness]', or leave transcripts as they are with --wer none"
        )


def errors(spoken: Sequence[str], hypotheses: Sequence[str]) -> dict[str, int]:
    """Return ``words`` spoken, and how many ``substitutions``, ``deletions`` and ``insertions`` lead to what was said.

    Their sum over the words is the word error rate, by the alignment that needs the fewest (jiwer).

    Example:
        >>> errors(["so nice to see you"], ["so rice to see you too"])
        {'words': 5, 'substitutions': 1, 'deletions': 0, 'insertions': 1}
    """
    import jiwer

    pairs = [(reference, other) for reference, other in zip(spoken, hypotheses, strict=True) if reference.split()]
    kinds = ("substitutions", "deletions", "insertions")
    if not pairs:
        return {"words": 0, **dict.fromkeys(kinds, 0)}
    counts = jiwer.process_words([reference for reference, _ in pairs], [other for _, other in pairs])
    return {
        "words": sum(len(reference.split()) for reference, _ in pairs),
        **{kind: getattr(counts, kind) for kind in kinds},
    }
