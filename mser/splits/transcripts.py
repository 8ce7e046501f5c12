"""Which transcripts say nearly the same: what a text encoder has read in training it may recognise in the test."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import ceil

from mser.manifest import Utterance

LEAST_WORDS = 4
LEAST_SHARED = 0.8


def words(transcript: str) -> list[str]:
    """Return the words in lower case, without punctuation and without tags such as ``[LAUGHTER]``.

    Example:
        >>> words("[BREATHING] Kids are talking -- by the DOOR.")
        ['kids', 'are', 'talking', 'by', 'the', 'door']
    """
    return re.findall(r"\w+(?:'\w+)*", re.sub(r"\[.*?\]", " ", transcript.lower()).replace("\u2019", "'"))


class NearCopies:
    """Finds the utterances of some whose transcript has a near copy among others.

    Two transcripts of at least four words are near copies when the sets of their words have a Jaccard index of at
    least 0.8: they share four fifths of all the words that either has. Shorter ones have no near copies.

    Args:
        utterances: all that will be asked for.

    Example:
        >>> def say(name, text):
        ...     return Utterance(name, "", 1.0, text, "", "")
        >>> copies = NearCopies([say("a", "Where have you been?"), say("b", "where have you BEEN"), say("c", "Yes.")])
        >>> copies.found(["a", "c"], among=["b", "c"])
        {'a'}
    """

    def __init__(self, utterances: Iterable[Utterance]) -> None:
        sets: dict[frozenset[str], int] = {}
        self._set_of: dict[str, int] = {}
        for utterance in utterances:
            said = words(utterance.transcript)
            if len(said) >= LEAST_WORDS:
                self._set_of[utterance.id] = sets.setdefault(frozenset(said), len(sets))
        self._near = _near(list(sets))

    def compared(self, ids: Iterable[str]) -> list[str]:
        """Return those that are long enough to have near copies."""
        return [name for name in ids if name in self._set_of]

    def found(self, ids: Iterable[str], among: Iterable[str]) -> set[str]:
        """Return those of `ids` that have a near copy in `among`."""
        present = {self._set_of[name] for name in self.compared(among)}
        copied = present.union(*(self._near[number] for number in present))
        return {name for name in self.compared(ids) if self._set_of[name] in copied}


def _near(sets: Sequence[frozenset[str]]) -> list[set[int]]:
    """Return for each set the numbers of the others that share enough with it.

    Sets of n words that share enough also share one of their n - ceil(0.8 n) + 1 rarest words (Chaudhuri et al. 2006,
    prefix filtering), so only sets that meet there are compared.
    """
    frequency = Counter(word for one in sets for word in one)
    meeting: dict[str, list[int]] = defaultdict(list)
    near: list[set[int]] = [set() for _ in sets]
    for number, one in enumerate(sets):
        rarest = sorted(one, key=lambda word: (frequency[word], word))[: len(one) - ceil(LEAST_SHARED * len(one)) + 1]
        for other in {other for word in rarest for other in meeting[word]}:
            shared = len(one & sets[other])
            if shared >= LEAST_SHARED * (len(one) + len(sets[other]) - shared):
                near[number].add(other)
                near[other].add(number)
        for word in rarest:
            meeting[word].append(number)
    return near
