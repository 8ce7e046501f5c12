"""Grouped, stratified folds: nobody is torn apart, every label is everywhere, and the order of rows says nothing."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.grouped import k_fold, parts_of


def turn(number, speaker, label="neu", group=""):
    return Utterance(f"{number:03}", f"{number}.wav", 1.0, "", speaker, group or f"{number}.wav", label=label)


@st.composite
def recordings(draw, speakers=5):
    """Rows of at least so many speakers, who know few or many labels and share a dialogue now and then."""
    names = [f"s{number}" for number in range(draw(st.integers(speakers, 12)))]
    more = draw(st.lists(st.sampled_from(names), max_size=60))
    rows = [(name, draw(st.sampled_from(["neu", "sad", "ang", "hap"]))) for name in [*names, *more]]
    return [turn(number, name, label) for number, (name, label) in enumerate(rows)]


@settings(max_examples=60)
@given(recordings(), st.integers(3, 5))
def test_every_part_is_tested_once_and_no_speaker_is_in_two(utterances, number):
    folds = list(k_fold(number)(utterances))
    assert len(folds) == number
    assert sorted(one.id for _, _, _, test in folds for one in test) == [one.id for one in utterances]
    for _, *parts in folds:
        assert all(parts)
        assert sorted(one.id for part in parts for one in part) == [one.id for one in utterances]
        train, val, test = ({one.speaker for one in part} for part in parts)
        assert len(train | val | test) == len(train) + len(val) + len(test)
    for (_, _, val, _), (_, _, _, test) in pairwise(folds):
        assert val == test  # validation is the next fold's test part


@settings(max_examples=60)
@given(recordings(), st.randoms())
def test_the_order_of_rows_does_not_matter(utterances, chance):
    assert parts_of(chance.sample(utterances, len(utterances)), 5) == parts_of(utterances, 5)


@settings(max_examples=60)
@given(st.integers(3, 6), st.lists(st.integers(0, 6), min_size=1, max_size=4), st.randoms())
def test_every_label_is_in_every_part_where_enough_speakers_have_it(number, beyond, chance):
    """Speakers with one label each; of each label at least as many as there are parts."""
    said = [(f"{label}-{n}", str(label)) for label, more in enumerate(beyond) for n in range(number + more)]
    rows = [row for row in said for _ in range(chance.randint(1, 9))]
    utterances = [turn(place, *row) for place, row in enumerate(rows)]
    labels = {label for _, label in said}
    assert all({one.label for one in part} == labels for part in parts_of(utterances, number))


@settings(max_examples=60)
@given(recordings(speakers=8), st.data())
def test_speakers_who_share_a_dialogue_stay_together(utterances, data):
    pairs = {f"s{n}": f"d{n // 2}" for n in range(12)}
    mixed = [turn(int(one.id), one.speaker, one.label, group=pairs[one.speaker]) for one in utterances]
    where = [{one.group for one in part} for part in parts_of(mixed, data.draw(st.integers(3, 4)))]
    assert sum(map(len, where)) == len(set.union(*where))


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_as_even_as_the_reference_on_speakers_who_differ():
    chance = np.random.default_rng(0)
    ours, theirs = [], []
    for _ in range(40):
        rows = []
        for speaker in range(chance.integers(6, 16)):
            labels = chance.choice(4, chance.integers(1, 5), replace=False)
            rows += [(f"s{speaker}", str(chance.choice(labels))) for _ in range(chance.integers(2, 15))]
        utterances = [turn(number, *row) for number, row in enumerate(rows)]
        labels, groups = [label for _, label in rows], [speaker for speaker, _ in rows]
        ours.append(spread(parts_of(utterances, 3)))
        reference = StratifiedGroupKFold(3).split(np.zeros(len(rows)), labels, groups)
        theirs.append(spread([[utterances[place] for place in test] for _, test in reference]))
    assert np.mean(ours) < np.mean(theirs)


def spread(parts):
    counts = [Counter(one.label for one in part) for part in parts]
    whole = sum(counts, Counter())
    return sum(np.std([count[label] / whole[label] for count in counts]) for label in whole)


def test_scores_are_spread_by_fifths():
    utterances = [
        Utterance(f"{n:02}", f"{n}.wav", 1.0, "", f"s{n % 10}", f"{n}.wav", scores={"calm": n // 10 + n % 10})
        for n in range(100)
    ]
    means = [np.mean([one.scores["calm"] for one in part]) for part in parts_of(utterances, 5)]
    assert max(means) - min(means) <= 4  # two neighbours in order would be 8 apart


def test_each_part_has_a_speaker_of_each_fifth_where_there_are_five_of_each():
    utterances = [
        Utterance(f"{n:03}", f"{n}.wav", 1.0, "", f"s{n % 25}", f"{n}.wav", scores={"calm": n % 25 // 5})
        for n in range(100)
    ]
    for part in parts_of(utterances, 5):
        assert Counter(one.scores["calm"] for one in part) == dict.fromkeys(range(5), 4)


def test_unknown_speakers_are_split_by_recording():
    utterances = [turn(n, "", group=f"{n // 2}.wav") for n in range(12)]
    parts = parts_of(utterances, 3)
    assert [len(part) for part in parts] == [4, 4, 4]
    assert sum(len({one.group for one in part}) for part in parts) == 6


def test_the_folds_never_change():
    utterances = [turn(n, f"s{n % 7}", "abc"[n * n % 3]) for n in range(40)]
    found = [sorted({one.speaker for one in part}) for part in parts_of(utterances, 3)]
    assert found == [["s0", "s2"], ["s1", "s3"], ["s4", "s5", "s6"]]


def test_too_few_of_anything_is_refused():
    with pytest.raises(UserError, match=r"2 folds leave nothing to train on, .*; choose at least 3"):
        k_fold(2)
    with pytest.raises(UserError, match=r"5 folds need at least 5 speakers, .* but there are 4; choose fewer folds"):
        list(k_fold(5)([turn(n, f"s{n % 4}") for n in range(20)]))
