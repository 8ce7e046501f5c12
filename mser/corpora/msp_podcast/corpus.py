"""MSP-Podcast (Lotfian and Busso 2019): its label sets and protocols. Its releases differ in size."""

from __future__ import annotations

from collections import Counter

from mser.corpora.corpus import Corpus, Counts
from mser.corpora.msp_podcast.tree import read
from mser.corpora.msp_podcast.votes import EIGHT, PRIMARY
from mser.corpora.recorded import Recorded
from mser.labels import LabelSet, MultiLabel, ScoreSet
from mser.manifest import Manifest
from mser.splits.protocols import official
from mser.vote_counts import voted

PROTOCOLS = (
    official(
        "msp_podcast/official",
        "One fold, as published, that tests Test1: speakers of whom nothing else is heard, as far as they are known.",
        shares=("group",),  # other speakers of the same podcast
        shares_with_test=("group",),
    ),
    official(
        "msp_podcast/official-test2",
        "One fold, as published, that tests Test2: podcasts of which no other part has any segment.",
        test="test2",
        shares=("group",),
    ),
)
_FOUR = {"N": "neu", "S": "sad", "A": "ang", "H": "hap"}
_EIGHT = {**_FOUR, "U": "sur", "F": "fea", "D": "dis", "C": "con"}
_PRIMARY = LabelSet("msp8", tuple(_EIGHT.values()), merge=_EIGHT)
LABEL_SETS = (
    _PRIMARY,
    LabelSet("msp4", tuple(_FOUR.values()), merge=_FOUR),  # iemocap4's, in its order
    MultiLabel("msp8-secondary", tuple(EIGHT.values())),
    voted(_PRIMARY, PRIMARY),
    ScoreSet("msp-vad", ("valence", "arousal", "dominance"), low=1, high=7),
)


def count(manifest: Manifest) -> Counts:
    """Return what the manifest holds, in the shape of a made-up tree's counts."""
    return {
        "utterances": len(manifest),
        "labels": Counter(utterance.label for utterance in manifest if utterance.label),
        "splits": Counter(utterance.split for utterance in manifest if utterance.split),
    }


CORPUS = Corpus(
    name="msp_podcast",
    read=read,
    count=count,
    label_sets=LABEL_SETS,
    protocols=PROTOCOLS,
    rated=PRIMARY,
    recorded=Recorded(rate=16_000),
    published={},  # see `mser.corpora.msp_podcast.tree.RELEASES`
    licence="MSP-Podcast, which the MSP lab gives out by agreement",
    url="https://ecs.utdallas.edu/research/researchlabs/msp-lab/MSP-Podcast.html",
    language="en",
)
