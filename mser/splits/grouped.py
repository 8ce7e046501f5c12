"""Folds of unseen speakers: of speakers who are named, or else grouped and stratified. Knows no torch.

In `k_fold` a block is what must not be torn apart: speakers, and recordings that several of them share. Blocks are
dealt out, the heaviest first, each to the part where its labels are rarest so far. No part is empty, and a label that
enough blocks have is soon in every part.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.protocols import Parts

_BINS = 5  # of scores: a part should have its fifth of the lowest, of the next, ... and of the highest


def k_fold(number: int) -> Callable[[Sequence[Utterance]], Iterable[Parts]]:
    """Return how to split into folds of which each tests one part, validates on the next and trains on the others.

    Args:
        number: of parts and folds, at least three.

    Raises:
        UserError: if there are fewer than three parts; the function returned: if there are fewer blocks than parts.

    Example:
        >>> def turn(speaker):
        ...     return Utterance(f"{speaker}.wav", "", 1.0, "", speaker, "", label="neu")
        >>> for name, train, val, test in k_fold(3)([turn("anna"), turn("ben"), turn("cleo")]):
        ...     print(name, [one.speaker for one in train + val + test])
        part1 ['ben', 'cleo', 'anna']
        part2 ['anna', 'ben', 'cleo']
        part3 ['cleo', 'anna', 'ben']
    """
    if number < 3:
        raise UserError(f"{number} folds leave nothing to train on, as one is for validation; choose at least 3")

    def split(utterances: Sequence[Utterance]) -> Iterator[Parts]:
        return _each_in_turn({f"part{place}": part for place, part in enumerate(parts_of(utterances, number), 1)})

    return split


def speaker_fold(parts: Mapping[str, Collection[str]]) -> Callable[[Sequence[Utterance]], Iterable[Parts]]:
    """Return how to split into folds of which each tests some speakers, validates on the next and trains on the others.

    Args:
        parts: name of the fold to the speakers that it tests.

    Raises:
        UserError: the function returned, if a speaker has no utterances.
    """

    def split(utterances: Sequence[Utterance]) -> Iterator[Parts]:
        wanted = {speaker for speakers in parts.values() for speaker in speakers}
        if absent := sorted(wanted - {utterance.speaker for utterance in utterances}):
            raise UserError(
                f"the protocol needs every speaker of the corpus, but {len(absent)} of {len(wanted)}, {absent[0]} the "
                "first, have no utterances; see `mser data check`, or give what there is as a table (`mser data table`)"
            )
        return _each_in_turn(
            {
                name: [utterance for utterance in utterances if utterance.speaker in speakers]
                for name, speakers in parts.items()
            }
        )

    return split


def fold_column(utterances: Sequence[Utterance]) -> Iterator[Parts]:
    """Yield the folds that `Utterance.fold` names, in the order of their names, numbers as numbers.

    Raises:
        UserError: if there are fewer than three.

    Example:
        >>> said = [Utterance(f"{n}.wav", "", 1.0, "", "", "", fold=str(n)) for n in (10, 9, 2)]
        >>> [(name, val[0].fold, test[0].fold) for name, train, val, test in fold_column(said)]
        [('2', '9', '2'), ('9', '10', '9'), ('10', '2', '10')]
    """
    parts: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        if utterance.fold:
            parts[utterance.fold].append(utterance)
    if len(parts) < 3:
        raise UserError(
            f"the column of folds names {len(parts)}: {', '.join(sorted(parts))[:80]}; expected at least 3, as one is "
            "for validation; name a split instead, or ignore the column with fold: null (--columns fold=)"
        )
    names = sorted(parts, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))
    return _each_in_turn({name: parts[name] for name in names})


def _each_in_turn(parts: Mapping[str, list[Utterance]]) -> Iterator[Parts]:
    names = list(parts)
    for test, val in zip(names, names[1:] + names[:1], strict=True):
        yield (
            test,
            [utterance for name in names if name not in (test, val) for utterance in parts[name]],
            parts[val],
            parts[test],
        )


def parts_of(utterances: Sequence[Utterance], number: int) -> list[list[Utterance]]:
    """Return parts that share no speaker and no group, with as equal shares of each label as the blocks allow.

    Raises:
        UserError: if there are fewer blocks than parts.
    """
    blocks = blocks_of(utterances)
    if len(blocks) < number:
        raise UserError(
            f"{number} folds need at least {number} speakers, or groups of speakers who share recordings, but there "
            f"are {len(blocks)}; choose fewer folds"
        )
    strata = _strata(utterances)
    sizes = Counter(strata.values())
    parts: list[list[Utterance]] = [[] for _ in range(number)]
    held: list[dict[str, float]] = [defaultdict(float) for _ in parts]
    shares = {key: _shares(block, strata, sizes) for key, block in blocks.items()}
    for key in sorted(blocks, key=lambda key: (-sum(share**2 for share in shares[key].values()), _chance(key))):
        # The sum over labels of products is what an unequal distribution grows by.
        cost = [sum(share * part[label] for label, share in shares[key].items()) for part in held]
        place = min(range(number), key=lambda place: (round(cost[place], 12), len(parts[place]), place))
        parts[place] += blocks[key]
        for label, share in shares[key].items():
            held[place][label] += share
    return parts


def blocks_of(utterances: Iterable[Utterance]) -> dict[str, list[Utterance]]:
    """Return the smallest blocks that share neither speaker nor group, each by the least id in it."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(key: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    ordered = sorted(utterances, key=lambda utterance: utterance.id)
    for utterance in ordered:
        if utterance.speaker and utterance.group:
            parent[root(("speaker", utterance.speaker))] = root(("group", utterance.group))
    blocks: dict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for utterance in ordered:
        blocks[root(("speaker", utterance.speaker) if utterance.speaker else ("group", utterance.group))].append(
            utterance
        )
    return {block[0].id: block for block in blocks.values()}


def _strata(utterances: Sequence[Utterance]) -> dict[str, str]:
    """Return for each id the label, or else the fifth of the utterances that its scores lie in."""
    strata = {utterance.id: utterance.label for utterance in utterances if utterance.label is not None}
    scored = sorted(
        (utterance for utterance in utterances if utterance.label is None),
        key=lambda utterance: (sum(utterance.scores.values()), utterance.id),
    )
    return strata | {utterance.id: f"fifth {_BINS * place // len(scored)}" for place, utterance in enumerate(scored)}


def _shares(block: Iterable[Utterance], strata: Mapping[str, str], sizes: Mapping[str, int]) -> dict[str, float]:
    """Return how much of each label the block holds: of rare ones a large share."""
    return {
        label: count / sizes[label] for label, count in Counter(strata[utterance.id] for utterance in block).items()
    }


def _chance(key: str) -> bytes:
    """Return what orders equal blocks: always the same, and nothing to do with their names' order."""
    return hashlib.sha256(f"k_fold {key}".encode()).digest()
