"""Batches in which classes come equally often: what is drawn, that every rank gets as many, and where it is refused."""

from collections import Counter

import numpy as np
import pytest

from mser.cli import main
from mser.data.balanced_batches import BalancedBatches
from mser.data.batches import LengthBatches

CLASSES = [0] * 40 + [1] * 10 + [2] * 4
SECONDS = np.random.default_rng(0).uniform(0.5, 6, len(CLASSES)).tolist()


def test_classes_come_equally_often_and_others_each_epoch():
    batches, seen = BalancedBatches(SECONDS, 30.0, CLASSES, most=8, seed=3), set()
    for epoch in range(6):
        batches.set_epoch(epoch)
        drawn = [index for batch in batches for index in batch]
        seen |= set(drawn)
        counts = Counter(CLASSES[index] for index in drawn)
        assert max(counts.values()) - min(counts.values()) <= 8, "but for what a batch more or less makes"
        assert set(drawn) >= set(range(50, 54)), "of a rare class all come before any comes again"
        for batch in batches:
            assert len(batch) <= 8
            assert len(batch) * max(SECONDS[index] for index in batch) <= 30
    assert len(seen) == len(CLASSES), "and of a frequent one every utterance comes in some epoch"


@pytest.mark.parametrize("world", [1, 2, 3])
def test_processes_share_them(world):
    ranks = [BalancedBatches(SECONDS, 30.0, CLASSES, most=8, rank=rank, world=world) for rank in range(world)]
    assert {len(list(one)) for one in ranks} == {len(ranks[0])}
    assert len(ranks[0]) == len(LengthBatches(SECONDS, 30.0, most=8, shuffle=True, world=world))
    resumed = BalancedBatches(SECONDS, 30.0, CLASSES, most=8, world=world, epoch=2, done=1)
    ranks[0].set_epoch(2)
    assert list(resumed) == list(ranks[0])[1:]


def test_scores_have_no_classes(tmp_path, capsys):
    options = ["--data=IEMOCAP", f"--data.init_args.root={tmp_path}", "--data.init_args.labels=iemocap-vad"]
    assert main(["fit", *options, "--data.init_args.balanced=true", "--model.text.name=tiny"]) == 2
    assert (
        "data.init_args.balanced draws classes equally often, but iemocap-vad has no one label"
        in capsys.readouterr().err
    )
