"""CREMA-D (Cao et al. 2014): 91 actors, twelve sentences, six emotions as they were acted, and as they were heard.

A name such as ``1001_IEO_ANG_HI`` is actor, sentence, emotion and level (LO, MD, HI; XX where none was asked for).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mser.corpora.acted.crema_d_votes import MODALITIES, with_votes
from mser.corpora.acted.names import counting, read_names
from mser.corpora.corpus import Corpus
from mser.corpora.recorded import Recorded
from mser.labels import LabelSet
from mser.manifest import Manifest, Utterance
from mser.splits.grouped import speaker_fold
from mser.splits.protocols import Protocol
from mser.vote_counts import voted

_NAME = re.compile(r"(1\d{3})_([A-Z]{3})_([A-Z]{3})_(LO|MD|HI|XX?)")  # an early release has one name that ends in X
_LEVELS = {"LO": 1.0, "MD": 2.0, "HI": 3.0}
_SILENT = "1076_MTI_SAD_XX"
_NEVER = (("1008", "WSI"), ("1009", "MTI"), ("1019", "ITH"))
_ABSENT = {_SILENT, "1002_TIE_NEU_XX", "1076_ITS_NEU_XX"}
LABELS = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
_FOUR = ("neutral", "happy", "sad", "anger")
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

    What most people heard, saw, or both is among the labels where the release's votes are there; the votes of those who
    heard the voice alone are the ratings. The level, 1 to 3, is among the scores where one was asked for.

    Raises:
        UserError: if `root` holds none.
    """
    return with_votes(read_names("crema_d", root, "1???_???_???_*", _parse, leave_out={_SILENT}))


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
        scores={"level": _LEVELS[match[4]]} if match[4] in _LEVELS else {},
    )


def _names() -> list[str]:
    """Return the 7441 names: every actor says every sentence, but for a few that were never published."""
    acted = [label for label in LABELS if label != "NEU"]
    kinds = [f"IEO_{label}_{level}" for label in acted for level in ("LO", "MD", "HI")]
    kinds += [f"{sentence}_{label}_XX" for sentence in SENTENCES if sentence != "IEO" for label in acted]
    kinds += [f"{sentence}_NEU_XX" for sentence in SENTENCES]
    absent = {f"{actor}_{sentence}_{label}_XX" for actor, sentence in _NEVER for label in LABELS} | _ABSENT
    return [name for actor in ACTORS for kind in kinds if (name := f"{actor}_{kind}") not in absent]


def _fifths() -> dict[str, list[str]]:
    """Return five parts of the actors, each with its fifth of the women and of the men."""
    shuffled = sorted(ACTORS, key=lambda actor: (actor in WOMEN, hashlib.sha256(f"crema_d {actor}".encode()).digest()))
    return {f"part{part + 1}": shuffled[part::5] for part in range(5)}


_SIX, _HEARD = LabelSet("crema_d6", tuple(LABELS.values())), {label: label for label in LABELS.values()}
CORPUS = Corpus(
    name="crema_d",
    read=read,
    count=counting(_parse, lambda name: re.sub("_X$", "_XX", name)),
    label_sets=(
        _SIX,
        LabelSet("crema_d4", _FOUR),
        *(LabelSet(f"crema_d6-{modality}", tuple(LABELS.values()), tells=modality) for modality in MODALITIES.values()),
        *(LabelSet(f"crema_d4-{modality}", _FOUR, tells=modality) for modality in MODALITIES.values()),
        voted(_SIX, _HEARD),
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
        "files": _names(),
    },
    rated=_HEARD,
    recorded=Recorded(hours=5.26, rate=16_000, shortest=1.267, longest=5.006),
    licence="CREMA-D, ODbL 1.0",
    hub_licence="odbl",
    language="en",
    typed=True,
)
