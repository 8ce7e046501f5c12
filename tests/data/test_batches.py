"""Batches by length: under budget, each utterance once, the same for every number of processes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mser.data.batches import LengthBatches
from mser.errors import UserError

DURATIONS = st.lists(st.floats(0.06, 30.0), min_size=8, max_size=120)


@given(DURATIONS, st.floats(30.0, 200.0), st.integers(1, 4), st.integers(0, 3), st.booleans())
@settings(max_examples=150)
def test_every_utterance_is_in_a_batch_that_keeps_the_budget(durations, budget, world, epoch, shuffle):
    shares = []
    for rank in range(world):
        share = LengthBatches(durations, budget, most=7, shuffle=shuffle, seed=3, rank=rank, world=world)
        share.set_epoch(epoch)
        batches = list(share)
        assert len(batches) == len(share)
        shares.append(batches)
    assert len({len(batches) for batches in shares}) == 1
    everything = [batch for batches in shares for batch in batches]
    assert all(len(batch) * max(durations[i] for i in batch) <= budget * (1 + 1e-9) for batch in everything)
    assert all(len(batch) <= 7 for batch in everything)
    seen = sorted(index for batch in everything for index in batch)
    assert sorted(set(seen)) == list(range(len(durations)))
    assert len(seen) == len(durations) or all(len(batch) == 1 for batch in everything)


def lengths_of_iemocap():
    random = np.random.default_rng(0)
    return np.clip(random.lognormal(np.log(3.58), 0.68, 5531), 0.585, 34.139)


def test_little_is_padded_at_the_lengths_of_iemocap():
    batches = LengthBatches(lengths_of_iemocap(), 120, shuffle=True, seed=1)
    assert 1 <= batches.padding() <= 1.05


@given(DURATIONS, st.floats(1.0, 4.0), st.integers(0, 9))
@settings(max_examples=100)
def test_a_budget_that_binds_is_kept_whoever_pretends_to_be_shorter(durations, room, epoch):
    budget = max(durations) * room
    batches = LengthBatches(durations, budget, shuffle=True, seed=3, epoch=epoch).batches()
    assert all(len(batch) * max(durations[i] for i in batch) <= budget * (1 + 1e-9) for batch in batches)


def test_the_budget_is_kept_at_the_lengths_of_iemocap():
    durations = lengths_of_iemocap()
    for epoch in range(4):
        batches = LengthBatches(durations, 40.0, shuffle=True, seed=1, epoch=epoch).batches()
        assert max(len(batch) * durations[batch].max() for batch in batches) <= 40.0 + 1e-9


def test_the_order_follows_seed_and_epoch():
    def order(seed, epoch):
        batches = LengthBatches(lengths_of_iemocap()[:300], 60, shuffle=True, seed=seed)
        batches.set_epoch(epoch)
        return list(batches)

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)
    assert {frozenset(batch) for batch in order(1, 0)} != {frozenset(batch) for batch in order(1, 1)}


def test_a_fixed_size_leaves_every_batch_full():
    sizes = [len(batch) for batch in LengthBatches(lengths_of_iemocap()[:3228], 140, most=4, shuffle=True)]
    assert set(sizes) == {4}


def test_what_does_not_fit():
    with pytest.raises(
        UserError, match=r"lasts 34\.5 s but a batch may hold 30\.0 s; raise data\.init_args\.b.* to 35"
    ):
        LengthBatches([1.0, 34.5], 30.0)
    with pytest.raises(UserError, match="2 utterances cannot be shared by 3 processes; use fewer devices"):
        LengthBatches([1.0, 1.0], 30.0, world=3)


def test_where_each_utterance_needs_its_own_batch_only_the_longest_come_twice():
    assert LengthBatches([1.0, 3.0, 2.0], 3.0, most=1, world=2).batches() == [[1], [2], [0], [1]]
