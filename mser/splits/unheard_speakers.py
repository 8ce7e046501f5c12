"""Folds of unheard speakers, as large as folds in which tested speakers are trained on. Knows no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.grouped import blocks_of, parts_of
from mser.splits.protocols import Fold

_FEWEST = 3  # parts: one to test, one to validate on, one to train on


def unheard_speakers(folds: Sequence[Fold], utterances: Mapping[str, Utterance]) -> list[Fold]:
    """Return as many folds of about the same sizes, in which nobody who is tested or validated on is trained on.

    Speakers, and groups that several of them share, stay whole and are dealt out by their labels (`k_fold`), so sizes
    differ by about a speaker. What is left of train beyond its size is left out, by chance, always the same.

    Args:
        folds: those to be like.
        utterances: by id, at least those of the folds.

    Raises:
        UserError: if nobody knows who speaks, or there are too few speakers.

    Example:
        >>> said = {f"{who}{n}": Utterance(f"{who}{n}", "", 1.0, "", who, "", label="neu")
        ...         for who in ("anna", "ben", "cleo") for n in range(3)}
        >>> names = sorted(said)
        >>> mixed = [Fold(n + 1, f"part{n}", tuple(names[(n + 1) % 3::3]), tuple(names[(n + 2) % 3::3]),
        ...               tuple(names[n::3])) for n in range(3)]
        >>> unheard_speakers(mixed, said)[0].test
        ('ben0', 'ben1', 'ben2')
    """
    names = sorted({name for fold in folds for part in (fold.train, fold.val, fold.test) for name in part})
    listed = [utterances[name] for name in names]
    if not any(one.speaker for one in listed):
        raise UserError("nobody knows who speaks here, so no fold can be without a tested speaker; name the speakers")
    tested = sum(len(fold.test) for fold in folds) / len(folds)
    as_large = min(round(len(listed) / max(tested, 1)), len(blocks_of(listed)))
    parts = parts_of(listed, max(_FEWEST, len(folds), as_large))
    return [_like(fold, test, listed) for fold, test in zip(folds, parts, strict=False)]


def _like(fold: Fold, test: Sequence[Utterance], listed: Sequence[Utterance]) -> Fold:
    """Return the fold that tests some utterances, validates on other speakers and trains on the rest."""
    tested = {one.id for one in test}
    others = [one for one in listed if one.id not in tested]
    most = len(blocks_of(others))
    number = min(most, max(2, round(len(others) / max(len(fold.val), 1))))
    val = {one.id for one in parts_of(others, number)[fold.number % number]}
    train = sorted((one.id for one in others if one.id not in val), key=_chance)[: len(fold.train)]
    return Fold(fold.number, fold.name, *(tuple(sorted(part)) for part in (train, val, tested)))


def _chance(name: str) -> bytes:
    return hashlib.sha256(f"unheard {name}".encode()).digest()
