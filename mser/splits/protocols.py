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
        count: how many folds there are, where that does not depend on the utterances; None where it does.
    """

    name: str
    description: str
    split: Callable[[Sequence[Utterance]], Iterable[Parts]]
    shares: frozenset[str] = frozenset()
    shares_with_test: frozenset[str] = frozenset()
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
                if not members:
                    raise UserError(
                        f"{self.name}: fold {name} has no utterance to {part}; choose another protocol or corpus"
                    )
            folds.append(Fold(number, name, *(tuple(sorted(one.id for one in members)) for members in parts)))
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
        train, val, tested = ([one for one in utterances if one.split == part] for part in ("train", "val", test))
        yield "official", train, val, tested

    return Protocol(name, description, by_split, frozenset(shares), frozenset(shares_with_test), count=1)


def digest(folds: Iterable[Fold]) -> str:
    """Return 16 hexadecimal digits that change with any id in any part of any fold.

    Example:
        >>> digest([Fold(1, "session1", ("a", "b"), ("c",), ("d",))])
        'cb52bacb8521c108'
    """
    canonical = json.dumps([asdict(fold) for fold in folds], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
