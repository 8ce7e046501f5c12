"""Listens to a corpus once: digests and fingerprints of its recordings, remembered in the cache."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from mser.audio.acoustic_fingerprint import LEAST_FRAMES, STEP, VERSION, Fingerprint, fingerprint, telling
from mser.audio.copies import find_copies
from mser.audio.decoding import SAMPLE_RATE, Samples, decode
from mser.encoders.cache_files import CheckedCache
from mser.errors import UserError
from mser.manifest import Seconds, Utterance
from mser.splits.overlaps import Clip
from mser.terminal.progress import progress

_SHORTEST = (LEAST_FRAMES + 8) * STEP / SAMPLE_RATE
"""Seconds: no shorter clip has enough frames."""
_AT_ONCE = 4096
_UNHEARD: Fingerprint = np.empty(0, np.uint32)
_Step = Callable[[], None]
_THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class HeardRecordings:
    """What listening to a corpus says.

    Attributes:
        stands_for: each audio path to the path that stands for all files of the same bytes.
        copies: the pairs (first < second) of clips that sound like one recording, of files that stand for others.
        unheard: the clips that are too short, too quiet or too steady to tell.
    """

    stands_for: Mapping[str, str]
    copies: Sequence[tuple[Clip, Clip]]
    unheard: frozenset[Clip]


def listen(utterances: Iterable[Utterance], root: Path) -> HeardRecordings:
    """Return what is heard in utterances.

    The answer for files that nobody has touched since is remembered, so that each fold of a run need not read them
    again; the fingerprint of each clip is remembered by the content of its file, wherever that lies. Both are in
    ``$MSER_CACHE``; what is damaged there or of another version is computed anew.

    Args:
        utterances: of one corpus.
        root: the folder that their audio paths are relative to.

    Raises:
        UserError: if an audio file cannot be read.
    """
    lengths = {Clip.of(utterance, utterance.audio): utterance.duration for utterance in utterances}
    memory = CheckedCache(f"copies-{VERSION}", ".json")
    key = _key(root.resolve(), _states(lengths, root), [(*clip, length) for clip, length in sorted(lengths.items())])
    if (cached := memory.get(key)) is not None:
        return _from_json(json.loads(cached))
    fingerprints = _listen(lengths, root)
    memory.put(key, _to_json(fingerprints).encode())
    return fingerprints


def _listen(lengths: Mapping[Clip, Seconds], root: Path) -> HeardRecordings:
    paths = sorted({clip.audio for clip in lengths})
    comparable = sum(length >= _SHORTEST for length in lengths.values())
    with ThreadPoolExecutor(_THREADS) as threads, progress("listening for copies", len(paths) + comparable) as done:
        digests = dict(zip(paths, threads.map(lambda path: _digest(root / path, done), paths), strict=True))
        first: dict[str, str] = {}
        stands_for = {path: first.setdefault(digests[path], path) for path in paths}
        own = {_of(clip, stands_for[clip.audio]): length for clip, length in lengths.items()}
        clips = sorted(own)
        cache = CheckedCache(f"fingerprints-{VERSION}", ".bin")
        prints = [_UNHEARD] * len(clips)
        long = [number for number, clip in enumerate(clips) if own[clip] >= _SHORTEST]
        for at in range(0, len(long), _AT_ONCE):  # what waits for a thread takes a kilobyte
            some = long[at : at + _AT_ONCE]
            marks_of_some = threads.map(
                lambda number: _print(clips[number], digests[clips[number].audio], root, cache, done), some
            )
            for number, marks in zip(some, marks_of_some, strict=True):
                prints[number] = marks
    copies = find_copies(prints, lambda number: _decode(clips[number], root))
    unheard = frozenset(clip for clip, marks in zip(clips, prints, strict=True) if telling(marks) < LEAST_FRAMES)
    return HeardRecordings(stands_for, [(clips[one], clips[two]) for one, two in copies], unheard)


def _of(clip: Clip, audio: str) -> Clip:
    return clip if clip.audio == audio else clip._replace(audio=audio)


def _print(clip: Clip, digest: str, root: Path, cache: CheckedCache, done: _Step) -> Fingerprint:
    """Return a clip's fingerprint, from the cache if it is there; an empty one where it cannot be decoded."""
    done()
    key = _key(digest, *clip[1:3], *([clip.channel] if clip.channel else []))
    if (cached := cache.get(key)) is not None:
        return np.frombuffer(cached, np.uint32)
    try:
        marks = fingerprint(_decode(clip, root))
    except UserError:  # reading the corpus tells what cannot be decoded; here it only cannot be compared
        return _UNHEARD
    cache.put(key, marks.tobytes())
    return marks


def _decode(clip: Clip, root: Path) -> Samples:
    return decode(root / clip.audio, clip.start, None if clip.end == inf else clip.end, clip.channel or None)


def _states(clips: Iterable[Clip], root: Path) -> list[tuple[str, int, int, int, int]]:
    """Return what changes when a file does, without reading it."""
    states = []
    for path in sorted({clip.audio for clip in clips}):
        try:
            status = (root / path).stat()
        except OSError as error:
            raise _unreadable(root / path, error) from error
        states.append((path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
    return states


def _digest(path: Path, done: _Step) -> str:
    done()
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot read {path}: {error.strerror}; see `mser data check`")


def _key(*depends_on: Any) -> str:
    return hashlib.sha256(json.dumps(depends_on, default=str).encode()).hexdigest()


def _to_json(heard: HeardRecordings) -> str:
    return json.dumps({"stands_for": dict(heard.stands_for), "copies": heard.copies, "unheard": sorted(heard.unheard)})


def _from_json(cached: dict[str, Any]) -> HeardRecordings:
    copies = [(Clip(*pair), Clip(*two)) for pair, two in cached["copies"]]
    return HeardRecordings(cached["stands_for"], copies, frozenset(Clip(*clip) for clip in cached["unheard"]))
