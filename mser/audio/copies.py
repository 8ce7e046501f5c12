"""Which of many recordings are copies of one another, told by their fingerprints. No torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mser.audio.acoustic_fingerprint import (
    HIGHEST,
    LEAST_FRAMES,
    LOWEST,
    NOTHING,
    STEP,
    Fingerprint,
    bit_error,
    telling,
)
from mser.audio.decoding import SAMPLE_RATE, Samples

MOST_ERROR, SURE_ERROR, SURE_FRAMES = 0.25, 0.12, 40
"""Share of signs that may differ, and up to which there is no second look over so many frames: others reach 0.23."""
LEAST_CORRELATION = 0.6
"""Of the waveforms, for the second look: copies reach 0.8 and more, other takes of a sentence 0.3."""
LEAST_SHARE = 1 / 3
"""Of the shorter recording's telling frames: what must be heard in the other to call it a copy, not a moment of it."""

_NEIGHBOURS = 16  # how many recordings behind it one is held against for a frame that all of them have
_LEAST_VOTES = 2  # equal frames at the same distance before two recordings are compared
_MOST_CANDIDATES = 64  # compared pairs for each recording, in the mean
_AT_ONCE = 8_000_000  # frames that are sorted together: some 500 MB
Ints = NDArray[np.int64]


def find_copies(prints: Sequence[Fingerprint], hear: Callable[[int], Samples]) -> list[tuple[int, int]]:
    """Return the pairs (first < second) of recordings of which a good part is the same recording.

    Two are compared where at least two of their frames are equal and as far apart (an inverted index), so that the work
    grows with the number of recordings and not with its square. They are copies when at most `MOST_ERROR` of the signs
    differ over `LEAST_FRAMES` and over `LEAST_SHARE` of the shorter one; above `SURE_ERROR` or below `SURE_FRAMES` the
    waveforms must agree too, as an actor who repeats a sentence can come near.

    Args:
        prints: of all recordings.
        hear: returns the (N,) samples at 16 kHz of the recording of a number.

    Example:
        >>> hiss = np.random.default_rng(1).integers(0, 1 << 24, (2, 100)).astype(np.uint32)
        >>> find_copies([hiss[0], hiss[1], hiss[0, 30:]], hear=lambda number: np.empty(0, np.float32))
        [(0, 2)]
    """
    copies: set[tuple[int, int]] = set()
    tellable = [telling(marks) for marks in prints]
    for one, two, offset in _candidates(prints):
        if (one, two) in copies:
            continue
        error, frames, offset = min((*bit_error(prints[one], prints[two], near), near) for near in (offset, offset + 1))
        if frames < max(LEAST_FRAMES, LEAST_SHARE * min(tellable[one], tellable[two])) or error > MOST_ERROR:
            continue
        sure = error <= SURE_ERROR and frames >= SURE_FRAMES
        if sure or _correlation(hear(one), hear(two), offset * STEP) >= LEAST_CORRELATION:
            copies.add((one, two))
    return sorted(copies)


def _correlation(left: Samples, right: Samples, later: int) -> float:
    """Return how alike two waveforms are where they overlap, 0 to 1, whatever the polarity; `right` has it later."""
    first, last = max(0, -later), min(len(left), len(right) - later)
    before, after = left[first:last], right[first + later : last + later]
    size = 1 << (2 * (last - first) - 1).bit_length()
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    audible = (hertz > LOWEST) & (hertz < HIGHEST)  # neither hum nor what a codec cuts off
    a, b = np.fft.rfft(before, size) * audible, np.fft.rfft(after, size) * audible
    loudness = np.sqrt(np.sum(np.abs(a) ** 2) * np.sum(np.abs(b) ** 2))
    return float(np.abs(np.fft.irfft(a * b.conj(), size)).max() * size / 2 / loudness)


def _candidates(marks: Sequence[Fingerprint]) -> Iterator[tuple[int, int, int]]:
    """Yield (first, second, how many frames later the second has it), the likeliest first, not too many."""
    span = 2 * max(map(len, marks), default=0)  # more offsets than there are
    if not span:
        return
    keys, votes = _votes(marks, span)
    enough = votes >= _LEAST_VOTES
    keys, votes = keys[enough], votes[enough]
    best = np.argsort(-votes, kind="stable")[: _MOST_CANDIDATES * len(marks)]
    pairs, offsets = np.divmod(keys[best], span)
    for pair, offset in zip(pairs.tolist(), offsets.tolist(), strict=True):
        first, second = divmod(pair, len(marks))
        yield first, second, offset - span // 2


def _votes(marks: Sequence[Fingerprint], span: int) -> tuple[Ints, Ints]:
    """Return each (pair of recordings, offset), as one number, and how many equal frames speak for it."""
    values = np.concatenate(marks)
    clips = np.repeat(np.arange(len(marks), dtype=np.int32), [len(marks_of_clip) for marks_of_clip in marks])
    frames = np.concatenate([np.arange(len(marks_of_clip), dtype=np.int32) for marks_of_clip in marks])
    portions = 1 + len(values) // _AT_ONCE
    voted = []
    for portion in range(portions):
        chosen = (values != NOTHING) & (values % portions == portion)
        portion_of = [part[chosen].astype(np.int64) for part in (values, clips, frames)]
        voted.append(_met(portion_of[0], portion_of[1], portion_of[2], len(marks), span))
    keys, votes = np.unique(np.concatenate(voted), return_counts=True)
    beside = np.flatnonzero(keys[1:] == keys[:-1] + 1)  # a copy may begin between two frames
    return keys, votes + np.bincount(beside, votes[beside + 1], len(keys)).astype(np.int64)


def _met(values: Ints, clips: Ints, frames: Ints, number: int, span: int) -> Ints:
    """Return the (pair of recordings, offset) of each two equal frames."""
    values, first = np.unique(values * number + clips, return_index=True)  # of steady sound the first frame tells
    clips, frames, values = clips[first], frames[first], values // number
    met = []
    for step in range(1, _NEIGHBOURS + 1):
        same = np.flatnonzero(values[:-step] == values[step:])
        offsets = frames[same + step] - frames[same] + span // 2
        met.append((clips[same] * number + clips[same + step]) * span + offsets)
    return np.concatenate(met)
