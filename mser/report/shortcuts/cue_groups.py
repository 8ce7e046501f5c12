"""The trivial cues of an utterance, in groups: what a model could go by instead of emotion."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from mser.audio.acoustics import Measures
from mser.manifest import Utterance
from mser.scoring.statistics import Floats

OF_RECORDING, OF_TRANSCRIPT = "recording", "transcript"
_RECORDING: Mapping[str, Sequence[str]] = {
    "duration": ("duration",),
    "loudness": ("level", "peak"),
    "silence at the ends": ("silence_start", "silence_end"),
    "zero crossings": ("zero_crossings",),
    "recording": ("duration", "level", "peak", "silence_share", "silence_start", "silence_end", "zero_crossings"),
}
_MARKS = {"exclamations": "!", "questions": "?", "commas": ",", "stops": "."}
_TRANSCRIPT: Mapping[str, Sequence[str]] = {
    "length of the transcript": ("words", "characters"),
    "punctuation": (*_MARKS, "ellipses"),
    "transcript": ("words", "characters", *_MARKS, "ellipses"),
}
Cues = Mapping[str, Mapping[str, float]]
"""By utterance its cues by name; NaN where a cue is not known."""


def groups(cues: Cues) -> dict[str, list[str]]:
    """Return the groups of cues that a floor is fitted on, with what each holds: those whose cues some have.

    ``recording`` and ``transcript`` hold all cues of their kind, ``recording and transcript`` all there are.
    """
    measured = {name for one in cues.values() for name, value in one.items() if not np.isnan(value)}
    found: dict[str, list[str]] = {}
    every = (*_RECORDING[OF_RECORDING], *_TRANSCRIPT[OF_TRANSCRIPT])
    for group, names in {**_RECORDING, **_TRANSCRIPT, f"{OF_RECORDING} and {OF_TRANSCRIPT}": every}.items():
        here = [name for name in names if name in measured]
        if here and here not in found.values():  # what lacks all cues but one is that one
            found[group] = here
    return found


def cues(utterances: Mapping[str, Utterance], measured: Mapping[str, Measures]) -> dict[str, dict[str, float]]:
    """Return the cues of each utterance; those of transcripts only where anybody has one.

    Args:
        utterances: by id.
        measured: what their recordings are like; where it is not known, only the duration is.
    """
    read = any(one.transcript for one in utterances.values())
    return {
        name: _measured_cues(one, measured.get(name)) | (read_from(one.transcript) if read else {})
        for name, one in utterances.items()
    }


def read_from(transcript: str) -> dict[str, float]:
    """Return the length of a transcript, as logarithms of 1 + n, and how often each mark of punctuation is in it.

    Example:
        >>> found = read_from("What?! No... yes, no.")
        >>> found["questions"], found["exclamations"], found["ellipses"], found["stops"], round(found["words"], 2)
        (1.0, 1.0, 1.0, 1.0, 1.61)
    """
    ellipses = re.findall(r"\.{2,}|…", transcript)
    rest = re.sub(r"\.{2,}|…", "", transcript).translate(_WIDE)
    return {
        "words": float(np.log1p(len(transcript.split()))),
        "characters": float(np.log1p(len(transcript))),
        **{name: float(rest.count(mark)) for name, mark in _MARKS.items()},
        "ellipses": float(len(ellipses)),
    }


_WIDE = str.maketrans("！？，、。؟،", "!?,,.?,")
"""Marks of other scripts, as those that mean the same."""


def _measured_cues(one: Utterance, measures: Measures | None) -> dict[str, float]:
    names = dict.fromkeys(name for group in _RECORDING.values() for name in group)
    told = {name: float("nan") if measures is None else float(getattr(measures, name)) for name in names}
    return told | {"duration": float(np.log(max(one.duration if measures is None else measures.duration, 0.01)))}


def table(cues: Cues, utterances: Sequence[str], names: Sequence[str]) -> Floats:
    """Return the cues of some utterances, (N, names); NaN where one is not known."""
    nowhere: Mapping[str, float] = {}
    rows = [[cues.get(one, nowhere).get(name, np.nan) for name in names] for one in utterances]
    return np.array(rows, dtype=np.float64).reshape(len(utterances), len(names))
