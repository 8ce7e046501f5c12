from collections import Counter

import pytest

from mser.corpora.cmu.official_folds import official_folds


@pytest.mark.parametrize(
    ("corpus", "train", "val", "test"),
    [("mosi", 52, 10, 31), ("mosei", 2249, 300, 678)],
)
def test_every_video_is_in_one_split(corpus, train, val, test):
    assert Counter(official_folds(corpus).values()) == {"train": train, "val": val, "test": test}


def test_identifiers_are_whole():
    mosi, mosei = official_folds("mosi"), official_folds("mosei")
    assert (mosi["_dI--eQ6qVU"], mosi["f_pcplsH_V0"]) == ("val", "test")
    assert {"-3g5yACwYnA", "100499", "7l3BNtSE0xc", "dZFV0lyedX4"} <= mosei.keys()
    assert not mosi.keys() & mosei.keys()
