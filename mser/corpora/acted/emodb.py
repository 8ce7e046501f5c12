"""EmoDB, the Berlin database of emotional speech (Burkhardt et al. 2005): ten actors, ten German sentences.

A name such as ``03a01Wa`` is speaker, sentence, emotion (its German initial) and version.
"""

from __future__ import annotations

import re
from pathlib import Path

from mser.corpora.acted.emodb_names import NAMES
from mser.corpora.acted.names import counting, read_names
from mser.corpora.corpus import Corpus
from mser.corpora.recorded import Recorded
from mser.labels import LabelSet
from mser.manifest import Manifest, Utterance
from mser.splits.grouped import speaker_fold
from mser.splits.protocols import Protocol

_NAME = re.compile(r"(\d\d)([ab]\d\d)([WLEAFTN])[a-z]")
LABELS = {
    **{"W": "anger", "L": "boredom", "E": "disgust", "A": "fear", "F": "happiness", "T": "sadness", "N": "neutral"}
}
SPEAKERS = {
    **{"03": "M", "08": "F", "09": "F", "10": "M", "11": "M", "12": "M", "13": "F", "14": "F", "15": "M", "16": "F"}
}
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}


def read(root: Path) -> Manifest:
    """Return the utterances.

    Raises:
        UserError: if `root` holds none.
    """
    return read_names("emodb", root, "[01]?[ab]???*", _parse)


def _parse(name: str) -> Utterance | None:
    match = _NAME.fullmatch(name)
    if not match or match[1] not in SPEAKERS or match[2] not in SENTENCES:
        return None
    speaker, sentence, emotion = match.groups()
    return Utterance(
        id=name,
        audio="",
        duration=0.0,
        transcript=SENTENCES[sentence],
        speaker=speaker,
        group=speaker,
        gender=SPEAKERS[speaker],
        label=LABELS[emotion],
    )


CORPUS = Corpus(
    name="emodb",
    read=read,
    count=counting(_parse),
    label_sets=(
        LabelSet("emodb7", tuple(LABELS.values())),
        LabelSet("emodb4", ("neutral", "happiness", "sadness", "anger")),
    ),
    protocols=(
        Protocol(
            "emodb/loso10",
            "Ten folds: one speaker is tested, the next is for validation, the other eight are trained on.",
            speaker_fold({f"speaker{name}": [name] for name in SPEAKERS}),
            count=10,
        ),
    ),
    published={
        "utterances": 535,
        "labels": {
            **{"anger": 127, "boredom": 81, "disgust": 46, "fear": 69, "happiness": 71, "sadness": 62, "neutral": 79}
        },
        "speakers": list(SPEAKERS),
        "files": NAMES,
    },
    recorded=Recorded(hours=0.413, rate=16_000, shortest=1.2255, longest=8.97825),
    licence="EmoDB, whose terms are with it",
    url="http://emodb.bilderbar.info/",
    language="de",
    typed=True,
)
