"""A named way to split a corpus into train, val and test: a pure function of its utterances. Knows no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from mser.errors import UserError
from mser.manifest import Utterance


@dataclass(frozen=True, slots=True)
class Fold:
    """One way to part the utterances, as sorted identifiers.

    Attributes:
        number: from 1.
        name: what is tested, such as ``session1``.
    """

    number: int
    name: str
    train: tuple[str, ...]
    val: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """A named way to split, the same for everyone who uses the name.

    Attributes:
        name: such as ``iemocap/loso5``.
        description: one sentence for a report.
        split: returns for utterances in the order of their ids the (name, train, val, test) of each fold.
        shares: what val may share with train by design: ``speaker``, ``group``, ``audio``, or ``copies``
            alone, clips of which one is heard in the other; see `mser.splits.audit`.
        shares_with_test: what train and val may share with test by design; a score then says nothing of unseen ones.
        parts: which must not be empty; of a corpus that is tested alone, only the test part.
        listed: the ids that a corpus must have, where the folds are lists of ids.
        count: how many folds there are, where that does not depend on the utterances; None where it does.
    """

    name: str
    description: str
    split: Callable[[Sequence[Utterance]], Iterable[Parts]]
    shares: frozenset[str] = frozenset()
    shares_with_test: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ("train", "val", "test")
    listed: frozenset[str] = frozenset()
    count: int | None = None

    def require_fold(self, number: int, count: int | None = None) -> None:
        """Accept the number of a fold, from 1.

        Args:
            number: that was asked for.
            count: how many there are, where they are known; else `count` is believed.

        Raises:
            UserError: if there is no such fold.
        """
        count = count or self.count
        if number < 1 or (count is not None and number > count):
            there = f"folds 1 to {count}" if count else "folds from 1"
            raise UserError(f"fold {number} was asked for, but {self.name} has {there}")

    def require_listed(self, utterances: Iterable[Utterance]) -> None:
        """Accept a corpus, with or without the labels that are asked for, that has all that the lists name.

        Raises:
            UserError: otherwise.
        """
        if absent := self.listed - {utterance.id for utterance in utterances}:
            message = f"{len(absent)} of {len(self.listed)} listed utterances are not here, such as {min(absent)[:80]}"
            raise UserError(f"{self.name}: {message}; `mser data check` says what is missing")

    def require_train(self) -> None:
        """Accept a protocol that leaves something to train on and to validate with.

        Raises:
            UserError: otherwise.
        """
        if "train" not in self.parts:
            raise UserError(
                f"{self.name} tests everything and trains on nothing; choose another data.init_args.protocol"
            )

    def folds(self, utterances: Iterable[Utterance]) -> list[Fold]:
        """Return the folds; they do not depend on the order of the utterances.

        Raises:
            UserError: if there are none, a session is missing or a part would be empty.
        """
        ordered = sorted(utterances, key=lambda utterance: utterance.id)
        if not ordered:
            raise UserError(
                f"{self.name}: no utterance here has the labels that were asked for; `mser data check` says what there "
                "is, choose another label set"
            )
        folds = []
        for number, (name, *parts) in enumerate(self.split(ordered), 1):
            for part, members in zip(("train", "val", "test"), parts, strict=True):
                if not members and part in self.parts:
                    raise UserError(
                        f"{self.name}: fold {name} has no utterance to {part}; choose another protocol or corpus"
                    )
            folds.append(Fold(number, name, *(tuple(sorted(member.id for member in members)) for members in parts)))
        return folds


Parts = tuple[str, list[Utterance], list[Utterance], list[Utterance]]


def official(
    name: str,
    description: str,
    *,
    test: str = "test",
    shares: Iterable[str] = (),
    shares_with_test: Iterable[str] = (),
) -> Protocol:
    """Return the protocol of one fold that follows `Utterance.split`; what has another split or none is left out.

    Args:
        name: such as ``meld/official``.
        description: one sentence for a report.
        test: the split to test, where there are several.
        shares: what val shares with train, as published; see `Protocol`.
        shares_with_test: what train and val share with test, as published.

    Example:
        >>> said = [Utterance(s, "a.wav", 1.0, "", s, s, split=s) for s in ("train", "val", "test", "")]
        >>> [(fold.train, fold.val, fold.test) for fold in official("x/official", "As published.").folds(said)]
        [(('train',), ('val',), ('test',))]
    """

    def by_split(utterances: Sequence[Utterance]) -> Iterable[Parts]:
        train, val, tested = (
            [utterance for utterance in utterances if utterance.split == part] for part in ("train", "val", test)
        )
        yield "official", train, val, tested

    return Protocol(name, description, by_split, frozenset(shares), frozenset(shares_with_test), count=1)


def whole(corpus: str) -> Protocol:
    """Return the protocol that tests all of a corpus, with a model of another one.

    Example:
        >>> said = [Utterance(s, "a.wav", 1.0, "", s, s) for s in ("anna", "ben")]
        >>> [(fold.train, fold.test) for fold in whole("ravdess").folds(said)]
        [((), ('anna', 'ben'))]
    """

    def split(utterances: Sequence[Utterance]) -> Iterable[Parts]:
        yield "whole", [], [], list(utterances)

    description = "One fold: everything is tested and nothing trained on, for a model of another corpus."
    return Protocol(f"{corpus}/whole", description, split, parts=("test",))


def digest(folds: Iterable[Fold]) -> str:
    """Return 16 hexadecimal digits that change with any id in any part of any fold.

    Example:
        >>> digest([Fold(1, "session1", ("a", "b"), ("c",), ("d",))])
        'cb52bacb8521c108'
    """
    canonical = json.dumps([asdict(fold) for fold in folds], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
