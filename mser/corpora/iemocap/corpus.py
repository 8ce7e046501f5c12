"""IEMOCAP (Busso et al. 2008): its label sets and published counts."""

from __future__ import annotations

from collections import Counter

from mser.corpora.corpus import Corpus, Counts
from mser.corpora.iemocap.named_splits import PROTOCOLS
from mser.corpora.iemocap.tree import SESSIONS, read
from mser.corpora.recorded import Recorded
from mser.labels import LabelSet, ScoreSet
from mser.manifest import Manifest
from mser.vote_counts import voted

RATED = {
    **{"Neutral": "neu", "Neutral state": "neu", "Neutral-state": "neu", "Happiness": "hap", "Excited": "exc"},
    **{"Sadness": "sad", "Anger": "ang", "Frustration": "fru", "Surprise": "sur", "Fear": "fea", "Disgust": "dis"},
    **{"Other": "oth"},
}
"""What the raters call the published labels."""
FOUR = LabelSet("iemocap4", ("neu", "sad", "ang", "hap"), merge={"exc": "hap"})
SIX = LabelSet("iemocap6", ("neu", "sad", "ang", "hap", "exc", "fru"))
LABEL_SETS = (
    FOUR,
    LabelSet("iemocap4-noexc", ("neu", "sad", "ang", "hap")),
    LabelSet("iemocap5", ("neu", "sad", "ang", "hap", "exc")),
    SIX,
    voted(FOUR, RATED),
    voted(SIX, RATED),
    ScoreSet("iemocap-vad", ("valence", "activation", "dominance"), low=1, high=5),
)


def _dialogues(session: int) -> list[str]:
    """Return the names of the dialogues that the release has of a session: 28, 30, 32, 30 and 31."""
    plays = [f"impro{number:02}" for number in range(1, 8 if session == 1 else 9)]
    plays += ["script01_1", "script01_2", "script01_3", "script02_1", "script02_2", "script03_1", "script03_2"]
    halved = {"Ses03M_impro05": ["a", "b"], "Ses03M_impro08": ["a", "b"], "Ses05M_script01_1": ["", "b"]}
    names = [f"Ses0{session}{wearer}_{play}" for wearer in "FM" for play in plays]
    return [name + part for name in names for part in halved.get(name, [""])]


def _four(neu: int, sad: int, ang: int, hap: int) -> dict[str, int]:
    return {"neu": neu, "sad": sad, "ang": ang, "hap": hap}


PUBLISHED: Counts = {
    "utterances": 10039,
    "dialogues": [name for session in range(1, 6) for name in _dialogues(session)],
    "labels": {
        **{"ang": 1103, "hap": 595, "exc": 1041, "sad": 1084, "neu": 1708, "fru": 1849},
        **{"sur": 107, "fea": 40, "dis": 2, "oth": 3, "xxx": 2507},
    },
    "styles": {"improvised": 4784, "scripted": 5255},
    "genders": {"M": 5098, "F": 4941},
    "iemocap4 by session": {
        "Session1": _four(384, 194, 229, 278),
        "Session2": _four(362, 197, 137, 327),
        "Session3": _four(320, 305, 240, 286),
        "Session4": _four(258, 143, 327, 303),
        "Session5": _four(384, 245, 170, 442),
    },
    "iemocap4 by speaker": {
        **{"Ses01F": 528, "Ses01M": 557, "Ses02F": 481, "Ses02M": 542, "Ses03F": 522, "Ses03M": 629},
        **{"Ses04F": 528, "Ses04M": 503, "Ses05F": 590, "Ses05M": 651},
    },
}


def count(manifest: Manifest) -> Counts:
    """Return what the manifest holds in the shape of `PUBLISHED`."""
    four = FOUR.select(manifest)
    return {
        "utterances": len(manifest),
        "dialogues": sorted({utterance.group for utterance in manifest}),
        "labels": Counter(utterance.label for utterance in manifest),
        "styles": Counter(utterance.style for utterance in manifest),
        "genders": Counter(utterance.gender for utterance in manifest),
        "iemocap4 by session": {name: FOUR.counts(u for u in four if u.session == name) for name in SESSIONS},
        "iemocap4 by speaker": Counter(utterance.speaker for utterance in four),
    }


CORPUS = Corpus(
    name="iemocap",
    read=read,
    count=count,
    label_sets=LABEL_SETS,
    protocols=PROTOCOLS,
    published=PUBLISHED,
    recorded=Recorded(hours=6.99, shortest=0.585, longest=34.139, label_set="iemocap4"),
    rated=RATED,
    licence="IEMOCAP, which USC gives out for research under its own licence",
    url="https://sail.usc.edu/iemocap/",
    language="en",
    typed=True,
)
