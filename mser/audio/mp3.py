"""How long an MP3 file is that does not say so: libsndfile guesses it from the bit rate of the first frame alone."""

from __future__ import annotations

import mmap
from typing import BinaryIO

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # MPEG 1, 2 and 2.5
_KBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def counted_frames(file: BinaryIO) -> int | None:
    """Return how many samples per channel the frames of an open MP3 file (layer III) hold; its samples are not decoded.

    Returns:
        The number, or None where a header of the encoder's tells it, which libsndfile reads, or there is no frame.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        place = _behind_tags(data)
        first = _frame(data, place)
        if first is None or any(mark in data[place : place + 200] for mark in (b"Xing", b"Info", b"VBRI")):
            return None
        samples = 0
        while (frame := _frame(data, place)) and place + frame[0] <= len(data):
            samples += frame[1]
            place += frame[0]
        return samples


def _behind_tags(data: mmap.mmap) -> int:
    """Return where the first frame begins: behind an ID3 tag, whose length has seven bits a byte."""
    if data[:3] != b"ID3":
        return 0
    length = 0
    for byte in data[6:10]:
        length = length << 7 | byte & 0x7F
    return 10 + length


def _frame(data: mmap.mmap, place: int) -> tuple[int, int] | None:
    """Return the bytes and the samples of the frame that begins here; None where none does."""
    head = data[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, kbits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in _RATES or not 0 < kbits < 15 or rate == 3:
        return None
    samples = 1152 if version == 3 else 576
    size = samples // 8 * _KBITS[version == 3][kbits] * 1000 // _RATES[version][rate] + (head[2] >> 1 & 1)
    return size, samples
