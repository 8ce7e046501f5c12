"""Measures of recordings, kept by what the files hold, so that no recording is measured twice wherever it lies."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from math import isfinite
from pathlib import Path
from zlib import crc32

from mser.audio.measures import NAMES, Measures, measure_file
from mser.audio.wav import BadAudioError
from mser.encoders.cache_files import cache_folder, path_of
from mser.files import write_whole
from mser.manifest import Utterance

VERSION = 1
"""Goes up whenever a measure comes to mean something else: what was kept before is then measured anew."""
_Spans = dict[str, list[float]]
log = logging.getLogger(__name__)


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
    found: dict[str, Measures] = {}
    kept = True
    for audio, spoken in files.items():
        path = root / audio
        try:
            key = _digest(path)
        except OSError:
            key = ""
        spans = _read(key)
        known = len(spans)
        for one in spoken:
            if (measures := _measures(path, one, spans)) is not None:
                found[one.id] = measures
            done()
        if key and kept and len(spans) > known:
            kept = _write(key, spans)  # a folder that cannot be written to is named once
    return found


def _measures(path: Path, one: Utterance, spans: _Spans) -> Measures | None:
    """Return the measures of an utterance, which are put among `spans` if they are new."""
    span = f"{one.start:g} {'' if one.end is None else format(one.end, 'g')}"
    if span not in spans:
        try:
            spans[span] = list(astuple(measure_file(path, one.start, one.end)))
        except BadAudioError:
            return None
    return Measures(*spans[span])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _place(key: str) -> Path:
    return path_of(cache_folder() / f"measures-{VERSION}", key, ".json")


def _read(key: str) -> _Spans:
    """Return the measures by span that are kept of a file; none where there are none or they cannot be believed."""
    try:
        kept = json.loads(_place(key).read_text(encoding="utf-8"))
        spans: _Spans = kept["spans"]
        whole = kept["key"] == key and kept["crc32"] == _checksum(spans)
        sound = all(len(row) == len(NAMES) and all(isfinite(value) for value in row) for row in spans.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return spans if whole and sound else {}


def _write(key: str, spans: _Spans) -> bool:
    """Keep the measures of a file and return whether that was possible."""
    text = json.dumps({"key": key, "crc32": _checksum(spans), "spans": spans})
    try:
        write_whole(_place(key), lambda file: file.write(text.encode()))
    except OSError as error:
        log.warning("measures of recordings cannot be kept in %s (%s)", cache_folder(), error.strerror)
        return False
    return True


def _checksum(spans: _Spans) -> int:
    return crc32(json.dumps(spans, sort_keys=True).encode())
