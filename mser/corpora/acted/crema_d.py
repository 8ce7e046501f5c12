"""CREMA-D (Cao et al. 2014): 91 actors, twelve sentences, six emotions as they were acted.

A name such as ``1001_IEO_ANG_HI`` is actor, sentence, emotion and level (LO, MD, HI; XX where none was asked for).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mser.corpora.acted.names import count_acted, read_names
from mser.corpora.corpus import Corpus
from mser.labels import LabelSet
from mser.manifest import Manifest, Utterance
from mser.splits.grouped import speaker_fold
from mser.splits.protocols import Protocol

_NAME = re.compile(r"(1\d{3})_([A-Z]{3})_([A-Z]{3})_(LO|MD|HI|XX?)")  # an early release has one name that ends in X
_SILENT = "1076_MTI_SAD_XX"
LABELS = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
SENTENCES = {
    "IEO": "It's eleven o'clock.",
    "TIE": "That is exactly what happened.",
    "IOM": "I'm on my way to the meeting.",
    "IWW": "I wonder what this is about.",
    "TAI": "The airplane is almost full.",
    "MTI": "Maybe tomorrow it will be cold.",
    "IWL": "I would like a new alarm clock.",
    "ITH": "I think I have a doctor's appointment.",
    "DFA": "Don't forget a jacket.",
    "ITS": "I think I've seen this before.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
ACTORS = [str(number) for number in range(1001, 1092)]
WOMEN = {str(1000 + number) for number in (
    2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 18, 20, 21, 24, 25, 28, 29, 30, 37, 43, 46, 47, 49, 52, 53, 54, 55, 56, 58, 60, 61,
    63, 72, 73, 74, 75, 76, 78, 79, 82, 84, 89, 91,
)}  # fmt: skip


def read(root: Path) -> Manifest:
    """Return the utterances with the emotion that was acted; the one file that is silent in the release is left out.

    Raises:
        UserError: if `root` holds none.
    """
    return read_names("crema_d", root, "1???_???_???_*.wav", _parse, leave_out={_SILENT})


def _parse(name: str) -> Utterance | None:
    match = _NAME.fullmatch(name)
    if not match or match[1] not in ACTORS or match[2] not in SENTENCES or match[3] not in LABELS:
        return None
    return Utterance(
        id=name,
        audio="",
        duration=0.0,
        transcript=SENTENCES[match[2]],
        speaker=match[1],
        group=match[1],
        gender="F" if match[1] in WOMEN else "M",
        label=LABELS[match[3]],
    )


def _fifths() -> dict[str, list[str]]:
    """Return five parts of the actors, each with its fifth of the women and of the men."""
    shuffled = sorted(ACTORS, key=lambda actor: (actor in WOMEN, hashlib.sha256(f"crema_d {actor}".encode()).digest()))
    return {f"part{part + 1}": shuffled[part::5] for part in range(5)}


CORPUS = Corpus(
    name="crema_d",
    read=read,
    count=count_acted,
    label_sets=(
        LabelSet("crema_d6", tuple(LABELS.values())),
        LabelSet("crema_d4", ("neutral", "happy", "sad", "anger")),
    ),
    protocols=(
        Protocol(
            "crema_d/5fold",
            "Five folds of 18 or 19 actors, a fifth of the women and of the men each: one is tested, the next is for "
            "validation, the other three are trained on.",
            speaker_fold(_fifths()),
            count=5,
        ),
    ),
    published={  # less the silent one
        "utterances": 7441,
        "labels": {label: {"neutral": 1087, "sad": 1270}.get(label, 1271) for label in LABELS.values()},
        "speakers": ACTORS,
    },
    licence="CREMA-D, ODbL 1.0",
    hub_licence="odbl",
    language="en",
)
