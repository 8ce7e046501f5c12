"""Folds of unheard speakers that are as large as mixed ones."""

import doctest

import pytest

import mser.splits.unheard_speakers
from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.protocols import Fold
from mser.splits.unheard_speakers import unheard_speakers


def said(speakers=10, each=12, named=True):
    labels = ("neu", "ang", "hap")
    return {
        name: Utterance(name, "", 1.0, "", f"s{s:02}" if named else "", name if not named else "", label=labels[n % 3])
        for s in range(speakers)
        for n in range(each)
        for name in [f"s{s:02}-{n:02}"]
    }


def mixed(utterances, number=5, of=None):
    names = sorted(utterances)
    parts = [names[place::number] for place in range(number)]
    return [
        Fold(place + 1, f"part{place}", tuple(n for p in range(number) for n in parts[p] if p not in (place, val)),
             tuple(parts[val]), tuple(parts[place]))
        for place in range(of or number) for val in [(place + 1) % number]
    ]  # fmt: skip


def test_the_example_runs():
    assert doctest.testmod(mser.splits.unheard_speakers).failed == 0


def test_nobody_is_heard_and_sizes_are_kept():
    utterances = said()
    like = mixed(utterances)
    folds = unheard_speakers(like, utterances)
    assert sorted(name for fold in folds for name in fold.test) == sorted(utterances)
    for fold, asked in zip(folds, like, strict=True):
        parts = [{utterances[name].speaker for name in part} for part in (fold.train, fold.val, fold.test)]
        assert len(parts[0] | parts[1] | parts[2]) == sum(map(len, parts))
        assert (fold.number, fold.name, len(fold.test)) == (asked.number, asked.name, 24)
        assert len(fold.train) == len(asked.train) == 72
        assert {utterances[name].label for name in fold.test} == {"neu", "ang", "hap"}
    assert unheard_speakers(like, utterances) == folds


def test_one_mixed_split_becomes_one_fold():
    utterances = said()
    [fold] = unheard_speakers(mixed(utterances, 5, of=1), utterances)
    assert (len(fold.test), len(fold.train)) == (24, 72)


def test_what_is_left_of_train_is_left_out():
    utterances = said()
    names = sorted(utterances)
    [fold] = unheard_speakers(
        [Fold(1, "small", tuple(names[:50]), tuple(names[50:110]), tuple(names[110:]))], utterances
    )
    assert (len(fold.train), len(fold.test)) == (50, 12)


def test_refusals():
    nobody = said(named=False)
    with pytest.raises(UserError, match="nobody knows who speaks"):
        unheard_speakers(mixed(nobody), nobody)
    few = said(speakers=4)
    with pytest.raises(UserError, match="5 folds need at least 5 speakers"):
        unheard_speakers(mixed(few), few)
