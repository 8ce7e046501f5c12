"""CMU-MOSEI (Zadeh et al. 2018): its label sets, its split and its published counts."""

from __future__ import annotations

from mser.corpora.cmu.mosei_tree import read
from mser.corpora.cmu.segment_labels import EMOTIONS
from mser.corpora.cmu.split_counts import count, published
from mser.corpora.corpus import Corpus, Counts
from mser.labels import MultiLabel, ScoreSet
from mser.splits.protocols import official

_UNLABELLED = ("7l3BNtSE0xc", "dZFV0lyedX4")  # test videos without labels
_WHOLE = published("mosei", train=(4739, 3538, 8050), val=(506, 433, 932), test=(1350, 1025, 2287))
PUBLISHED: Counts = {
    **_WHOLE,
    "test videos": [video for video in _WHOLE["test videos"] if video not in _UNLABELLED],
}


def _splits(train: int, val: int, test: int) -> Counts:
    return {"splits": {"train": train, "val": val, "test": test}}


CORPUS = Corpus(
    name="mosei",
    read=read,
    count=count,
    label_sets=(
        ScoreSet("mosei-sentiment", ("sentiment",), low=-3, high=3),
        MultiLabel("mosei-emotions", EMOTIONS),
    ),
    protocols=(
        official(
            "mosei/official",
            "One fold: the official split by video, 2249 for train, 300 for val and 676 for test; videos that are in "
            "none of them are left out.",
        ),
    ),
    published=PUBLISHED,
    also_published={
        "MMSA's label.csv and MulT's features": _splits(16326, 1871, 4659),
        "features aligned by the SDK, as they are often used": _splits(16265, 1869, 4643),
        "the code of Siriwardhana et al. 2020": _splits(16090, 1859, 4586),
    },
    licence="CMU-MOSEI, videos of YouTube, whose terms are with it",
    url="http://multicomp.cs.cmu.edu/resources/cmu-mosei-dataset/",
    language="en",
    typed=True,
)
