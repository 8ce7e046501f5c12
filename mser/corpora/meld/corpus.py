"""MELD (Poria et al. 2019): its label sets, protocols and published counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from mser.corpora.corpus import Corpus, Counts
from mser.corpora.meld.tree import EMOTIONS, PARTS, SENTIMENTS, read
from mser.labels import LabelSet
from mser.manifest import Manifest, Utterance
from mser.splits.protocols import Parts, Protocol, official

FRIENDS = ("Chandler", "Joey", "Monica", "Phoebe", "Rachel", "Ross")
"""The main characters, who speak most of the utterances."""


def _one_friend_out(utterances: Sequence[Utterance]) -> Iterable[Parts]:
    """Yield a fold per main character; of the others some names stand for several people (``All``, ``Waiter``)."""
    by_speaker = {name: [utterance for utterance in utterances if utterance.speaker == name] for name in FRIENDS}
    for place, name in enumerate(FRIENDS):
        val = FRIENDS[(place + 1) % len(FRIENDS)]
        train = [utterance for utterance in utterances if utterance.speaker in set(FRIENDS) - {name, val}]
        yield name, train, by_speaker[val], by_speaker[name]


PROTOCOLS = (
    official(
        "meld/official",
        "One fold, as published: split by dialogue, so that the same characters speak in all three parts.",
        # Clips of a few hundredths of a second may be the same silence; nobody can change a published split anyway.
        shares=("speaker", "audio"),
        shares_with_test=("speaker", "audio"),
    ),
    Protocol(
        "meld/loso6",
        "Six folds over the six main characters alone, of all published parts: one character is tested, the next is "
        "for validation, the other four are trained on; the characters talk to each other, so dialogues are shared.",
        _one_friend_out,
        count=6,
        # Some published clips last for minutes and hold those of other characters.
        shares=frozenset({"group", "copies"}),
        shares_with_test=frozenset({"group", "copies"}),
    ),
)
LABEL_SETS = (
    LabelSet("meld7", EMOTIONS),
    LabelSet("meld-sentiment", SENTIMENTS, tells="sentiment"),
    LabelSet(
        "meld4",
        ("neu", "sad", "ang", "hap"),  # iemocap4's, so that a model of one corpus can be tested on the other
        merge={"neutral": "neu", "sadness": "sad", "anger": "ang", "joy": "hap"},
    ),
)
_EMOTIONS = ("neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear")

# The published numbers less the two broken clips, both of which are neutral.
_BY_SPLIT = {
    "train": dict(zip(_EMOTIONS, (4709, 1743, 1205, 1109, 683, 271, 268), strict=True)),
    "val": dict(zip(_EMOTIONS, (469, 163, 150, 153, 111, 22, 40), strict=True)),
    "test": dict(zip(_EMOTIONS, (1256, 402, 281, 345, 208, 68, 50), strict=True)),
}
PUBLISHED: Counts = {
    "utterances": 13706,
    "labels": {name: sum(counts[name] for counts in _BY_SPLIT.values()) for name in _EMOTIONS},
    "dialogues": {"train": 1038, "val": 114, "test": 280},
    "labels by split": _BY_SPLIT,
    "sentiments by split": {
        "train": dict(zip(SENTIMENTS, (4709, 2334, 2945), strict=True)),
        "val": dict(zip(SENTIMENTS, (469, 233, 406), strict=True)),
        "test": dict(zip(SENTIMENTS, (1256, 521, 833), strict=True)),
    },
}


def count(manifest: Manifest) -> Counts:
    """Return what the manifest holds in the shape of `PUBLISHED`."""
    parts = {split: [utterance for utterance in manifest if utterance.split == split] for split, _ in PARTS.values()}
    return {
        "utterances": len(manifest),
        "labels": Counter(utterance.label for utterance in manifest),
        "dialogues": {split: len({utterance.group for utterance in part}) for split, part in parts.items()},
        "labels by split": {split: Counter(utterance.label for utterance in part) for split, part in parts.items()},
        "sentiments by split": {
            split: Counter(utterance.labels["sentiment"] for utterance in part) for split, part in parts.items()
        },
    }


CORPUS = Corpus(
    name="meld",
    read=read,
    count=count,
    label_sets=LABEL_SETS,
    protocols=PROTOCOLS,
    published=PUBLISHED,
    licence="MELD, whose annotations are GPL 3.0; its scenes are of a television series that others own",
    hub_licence="gpl-3.0",
    language="en",
    typed=True,
)
