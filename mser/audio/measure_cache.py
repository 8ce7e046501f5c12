"""Measures of recordings, kept by what the files hold, so that no recording is measured twice wherever it lies."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from math import isfinite
from pathlib import Path

from mser.audio.acoustics import NAMES, Measures, measure_file
from mser.audio.wav import BadAudioError
from mser.encoders.cache_files import CheckedCache
from mser.manifest import Utterance

VERSION = 2
"""Goes up whenever a measure comes to mean something else: what was kept before is then measured anew."""
_Spans = dict[str, list[float]]


def measure_all(
    utterances: Iterable[Utterance], root: Path, done: Callable[[], None] = lambda: None
) -> dict[str, Measures]:
    """Return the measures of each utterance by its id; those whose recording cannot be read are not among them.

    What was measured before comes from ``$MSER_CACHE``; a file there that is damaged or of another version is measured
    anew.

    Args:
        utterances: whose recordings to measure.
        root: the folder that their audio paths are relative to.
        done: called after each utterance.
    """
    files: Mapping[str, list[Utterance]] = defaultdict(list)
    for one in utterances:
        files[one.audio].append(one)
    measured: dict[str, Measures] = {}
    cache = CheckedCache(f"measures-{VERSION}", ".json")
    for audio, spoken in files.items():
        path = root / audio
        try:
            key = _digest(path)
        except OSError:
            key = ""
        spans = _spans(cache.get(key)) if key else {}
        cached = len(spans)
        for one in spoken:
            if (measures := _measures(path, one, spans)) is not None:
                measured[one.id] = measures
            done()
        if key and len(spans) > cached:
            cache.put(key, json.dumps(spans).encode())
    return measured


def _measures(path: Path, utterance: Utterance, spans: _Spans) -> Measures | None:
    """Return the measures of an utterance, which are put among `spans` if they are new."""
    span = f"{utterance.start:g} {'' if utterance.end is None else format(utterance.end, 'g')}"
    if utterance.channel:
        span += f" of channel {utterance.channel}"
    if span not in spans:
        try:
            spans[span] = list(astuple(measure_file(path, utterance.start, utterance.end, utterance.channel)))
        except BadAudioError:
            return None
    return Measures(*spans[span])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _spans(cached: bytes | None) -> _Spans:
    """Return the measures by span that are kept of a file; none where there are none or they cannot be believed."""
    try:
        spans: _Spans = json.loads(cached or b"{}")
        sound = all(len(row) == len(NAMES) and all(isfinite(value) for value in row) for row in spans.values())
    except (ValueError, TypeError, AttributeError):
        return {}
    return spans if sound else {}
