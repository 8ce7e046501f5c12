"""CMU-MOSI (Zadeh et al. 2016): its label set, its split and its published counts."""

from __future__ import annotations

from mser.corpora.cmu.mosi_tree import read
from mser.corpora.cmu.split_counts import count, published
from mser.corpora.corpus import Corpus
from mser.labels import ScoreSet
from mser.splits.protocols import official

CORPUS = Corpus(
    name="mosi",
    read=read,
    count=count,
    label_sets=(ScoreSet("mosi-sentiment", ("sentiment",), low=-3, high=3),),
    protocols=(
        official("mosi/official", "One fold: the official split by video, 52 for train, 10 for val and 31 for test."),
    ),
    published=published("mosi", train=(552, 53, 679), val=(92, 13, 124), test=(379, 30, 277)),
    also_published={
        "features aligned by the SDK, which drops a segment of no length, 2WGyTLYerpo_44": {
            "splits": {"train": 1283, "val": 229, "test": 686}
        },
    },
    licence="CMU-MOSI, videos of YouTube, whose terms are with it",
    url="http://multicomp.cs.cmu.edu/resources/cmu-mosi-dataset/",
    language="en",
    typed=True,
)
