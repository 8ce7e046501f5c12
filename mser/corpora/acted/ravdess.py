"""RAVDESS (Livingstone & Russo 2018), its spoken half: 24 actors, two sentences, eight emotions in two intensities.

A name such as ``03-01-05-02-01-01-12`` is modality (03: sound alone), channel (01: speech), emotion, intensity,
sentence, repetition and actor. Songs, channel 02, are another corpus in the same folders: they are not read.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

from mser.corpora.acted.names import counting, read_names
from mser.corpora.corpus import Corpus
from mser.corpora.recorded import Recorded
from mser.labels import LabelSet
from mser.manifest import Manifest, Utterance
from mser.splits.grouped import speaker_fold
from mser.splits.protocols import Protocol

_NAME = re.compile(r"03-01-0([1-8])-(0[12])-(0[12])-0[12]-(0[1-9]|1\d|2[0-4])")
LABELS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
SENTENCES = {"01": "Kids are talking by the door.", "02": "Dogs are sitting by the door."}
EMOBOX = ((1, 11, 20, 21), (4, 10, 12, 14), (8, 9, 19, 23), (3, 5, 7, 24), (2, 15, 16, 18), (6, 13, 17, 22))


def read(root: Path) -> Manifest:
    """Return the spoken utterances; the intensity, 1 or 2, is among their scores.

    Raises:
        UserError: if `root` holds none.
    """
    return read_names("ravdess", root, "03-01-*", _parse)


def _parse(name: str) -> Utterance | None:
    if not (match := _NAME.fullmatch(name)):
        return None
    emotion, intensity, sentence, actor = match.groups()
    return Utterance(
        id=name,
        audio="",
        duration=0.0,
        transcript=SENTENCES[sentence],
        speaker=_actor(int(actor)),
        group=_actor(int(actor)),
        gender="M" if int(actor) % 2 else "F",
        label=LABELS[int(emotion) - 1],
        scores={"intensity": float(intensity)},
    )


def _actor(number: int) -> str:
    return f"Actor_{number:02}"


def _names() -> list[str]:
    """Return the 1440 names: neutral is never strong."""
    fields = product(range(1, 9), (1, 2), (1, 2), (1, 2), range(1, 25))
    return ["03-01-{:02}-{:02}-{:02}-{:02}-{:02}".format(*one) for one in fields if one[:2] != (1, 2)]


CORPUS = Corpus(
    name="ravdess",
    read=read,
    count=counting(_parse),
    label_sets=(
        LabelSet("ravdess8", LABELS),
        LabelSet("ravdess4", ("neutral", "happy", "sad", "angry"), merge={"calm": "neutral"}),
    ),
    protocols=(
        Protocol(
            "ravdess/6fold",
            "Six folds: two men and two women are tested, the next four are for validation, sixteen are trained on.",
            speaker_fold({f"actors{n:02}-{n + 3:02}": [_actor(m) for m in range(n, n + 4)] for n in range(1, 25, 4)}),
        ),
        Protocol(
            "ravdess/emobox6",
            "Six folds of four actors as in EmoBox (2024), some of women alone: one is tested, the next is for "
            "validation, the other four are trained on.",
            speaker_fold({f"fold{n}": [_actor(m) for m in actors] for n, actors in enumerate(EMOBOX, 1)}),
        ),
    ),
    published={
        "utterances": 1440,
        "labels": {label: 96 if label == "neutral" else 192 for label in LABELS},
        "genders": {"M": 720, "F": 720},
        "speakers": [_actor(number) for number in range(1, 25)],
        "files": _names(),
    },
    recorded=Recorded(hours=1.48, rate=48_000, shortest=2.936, longest=5.272),
    licence="RAVDESS, CC BY-NC-SA 4.0: not for commercial use",
    hub_licence="cc-by-nc-sa-4.0",
    language="en",
    typed=True,
)
