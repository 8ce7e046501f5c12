"""Which transcripts say nearly the same: what a text encoder has read in training it may recognise in the test."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence, Set
from functools import lru_cache
from itertools import chain
from math import ceil

from mser.manifest import Utterance

LEAST_WORDS, LEAST_SHARED = 4, 0.8
LEAST_CHARACTERS, LEAST_SHARED_RUNS = 8, 0.4
"""Of scripts that do not separate words: one changed character of sixteen leaves 7 of 17 runs of five."""
_RUN = 5
_SPELLED_DIGITS = 4
_UNSEPARATED = re.compile(  # Thai and Lao, Burmese, Khmer; kana, Han
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNKNOWN = re.compile(r"[\[<({]\s*(unk|unknown|pad|mask|blank|empty|none|null|nan|n/?a)\s*[\])>}]", re.IGNORECASE)
_PLACEHOLDERS = {
    *("nan", "NaN", "NAN", "-nan", "#N/A", "N/A", "n/a", "NA", "null", "NULL", "Null", "None", "NaT"),
    *("undefined", "#NAME?", "#REF!", "#VALUE!", "#NULL!", "UNK", "unk"),
}
"""What pandas, Python, JSON, databases and spreadsheets write for a cell that holds nothing."""
_NUMBER = re.compile(
    r"(?<![\w.])([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(\.[0-9]{1,6}(?![0-9]))?(st|nd|rd|th)?(?![0-9\w])"
)


def words(transcript: str) -> list[str]:
    """Return the words in lower case, without punctuation and without tags such as ``[LAUGHTER]``.

    However a letter is encoded it is the same (NFKC, full case folding); numbers are spelled, in English, where
    somebody would.

    Example:
        >>> words("[BREATHING] Kids are talking -- by the DOOR.")
        ['kids', 'are', 'talking', 'by', 'the', 'door']
        >>> words("I can't see 21 STRASSEN.") == words("I cannot see twenty-one Stra\u00dfen")
        True
    """
    text = unicodedata.normalize("NFKC", transcript).casefold().replace("\u2019", "'")
    text = _NUMBER.sub(lambda number: _spelled(*number.groups()), re.sub(r"\[.*?\]", " ", text))
    return re.findall(r"\w+(?:'\w+)*", re.sub(r"\bcannot\b", "can't", text))


@lru_cache(maxsize=20_000)
def _spelled(whole: str, fraction: str | None, ordinal: str | None) -> str:
    """Spell a number of at most four digits that are not noughts at its ends: nobody writes out longer ones."""
    from num2words import num2words

    digits = whole.replace(",", "")
    if len((digits + (fraction or "").replace(".", "")).strip("0")) > _SPELLED_DIGITS:
        return digits + (fraction or "") + (ordinal or "")
    return str(num2words(digits, to="ordinal") if ordinal and not fraction else num2words(digits + (fraction or "")))


def runs(sentence: Sequence[str]) -> frozenset[str]:
    """Return the runs of five characters of words that a script does not separate; none where it does.

    Example:
        >>> sorted(runs(["我不知道你在", "说什么"]))
        ['不知道你在', '你在说什么', '我不知道你', '知道你在说', '道你在说什']
        >>> runs(["where", "have", "you", "been"])
        frozenset()
    """
    text = "".join(sentence)
    if 2 * len(_UNSEPARATED.findall(text)) <= len(text) or len(text) < LEAST_CHARACTERS:
        return frozenset()
    return frozenset(text[first : first + _RUN] for first in range(len(text) - _RUN + 1))


def is_wordless(transcript: str) -> bool:
    r"""Return whether a transcript has nothing to read: no sign that can be seen, or what programs write for no text.

    Words are placeholders only as programs spell them, since people say "None." too; tags of sounds can be read, and so
    can what is but shouted or asked.

    Example:
        >>> [is_wordless(text) for text in (" \u200b\n", "nan", "<unk> [UNK]", "...", "- -")]
        [True, True, True, True, True]
        >>> [is_wordless(text) for text in ("None.", "[LAUGHTER]", "?!", "5")]
        [False, False, False, False]
    """
    text = _UNKNOWN.sub("", transcript).strip()
    return text in _PLACEHOLDERS or not any(map(_is_read, text))


def _is_read(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return sign in "!?\u00a1\u00bf\uff01\uff1f" or not (kind[0] in "CZPM" or sign in "\ufffc\ufffd~|<>=+^`")


class NearCopies:
    """Finds the utterances of some whose transcript has a near copy among others.

    Two transcripts of at least four words are near copies when the sets of their words have a Jaccard index of at
    least 0.8: they share four fifths of all the words that either has. Where a script does not separate words, as in
    Chinese, Japanese and Thai, transcripts of at least eight characters are near copies when they share two fifths of
    all the runs of five characters that either has. Shorter ones have no near copies.

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
        of_words: dict[tuple[str, ...], int] = {}
        of_runs: dict[tuple[str, ...], int] = {}
        self._set_of: dict[str, tuple[bool, int]] = {}
        for utterance in utterances:
            transcript = words(utterance.transcript)
            if in_runs := runs(transcript):
                self._set_of[utterance.id] = True, of_runs.setdefault(_packed(in_runs), len(of_runs))
            elif len(transcript) >= LEAST_WORDS:
                self._set_of[utterance.id] = False, of_words.setdefault(_packed(set(transcript)), len(of_words))
        self._searches = {True: _Search(of_runs, LEAST_SHARED_RUNS), False: _Search(of_words, LEAST_SHARED)}

    def compared(self, ids: Iterable[str]) -> list[str]:
        """Return those that are long enough to have near copies."""
        return [name for name in ids if name in self._set_of]

    def found(self, ids: Iterable[str], among: Iterable[str]) -> set[str]:
        """Return those of `ids` that have a near copy in `among`."""
        present: dict[bool, set[int]] = {True: set(), False: set()}
        for kind, number in {self._set_of[name] for name in self.compared(among)}:
            present[kind].add(number)
        compared = self.compared(ids)
        copied = {
            (kind, number)
            for kind, number in {self._set_of[name] for name in compared}
            if number in present[kind] or self._searches[kind].has_near(number, present[kind])
        }
        return {name for name in compared if self._set_of[name] in copied}


def _packed(parts: Collection[str]) -> tuple[str, ...]:
    return tuple(map(sys.intern, sorted(parts)))  # a fifth of a frozenset's memory, and each word is kept once


class _Search:
    """Finds sets that share at least `least` of all that either has, an exact similarity join.

    Sets that do also share one of the n - ceil(least n) + 1 rarest of their n words (Chaudhuri et al. 2006, prefix
    filtering), and at the first word that they share there is enough left to share in both (Xiao et al. 2008,
    positional filtering). Which sets have a word is therefore kept by their size and its place in them: "turn 1 of the
    call", "turn 2 of the call" and so on meet in all but their rarest word, and are passed over together.
    """

    def __init__(self, sets: Iterable[tuple[str, ...]], least: float) -> None:
        frequency = Counter(chain.from_iterable(sets := list(sets)))
        ranks = {word: rank for rank, word in enumerate(sorted(frequency, key=lambda word: (frequency[word], word)))}
        self._least = least
        self._sets = [tuple(sorted(ranks[word] for word in words)) for words in sets]
        self._having: dict[int, dict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, ordered in enumerate(self._sets):
            for place, rank in enumerate(self._rarest(ordered)):
                self._having[rank][len(ordered), place].append(number)

    def _rarest(self, ordered: tuple[int, ...]) -> tuple[int, ...]:
        return ordered[: len(ordered) - ceil(self._least * len(ordered)) + 1]

    def _is_enough(self, shared: int, sizes: int) -> bool:
        return shared >= self._least * (sizes - shared)

    def has_near(self, number: int, among: Set[int]) -> bool:
        """Return whether a set shares enough with one of others."""
        ordered = self._sets[number]
        members = set(ordered)
        for place, rank in enumerate(self._rarest(ordered)):
            for (size, other_place), others in self._having[rank].items():
                sizes = len(ordered) + size
                if self._is_enough(min(len(ordered) - place, size - other_place), sizes) and any(
                    self._is_enough(len(members.intersection(self._sets[other])), sizes)
                    for other in others
                    if other in among
                ):
                    return True
        return False
