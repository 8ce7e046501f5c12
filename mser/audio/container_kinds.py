"""Which container a file is, by how it begins: mp4, webm, wma and others that PyAV decodes. No torch."""

from __future__ import annotations

HEAD = 189
"""Bytes from which `container_of` tells the kind of a file."""
_STARTS = {
    **dict.fromkeys(((4, name) for name in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")), "mov"),
    (0, b"\x1aE\xdf\xa3"): "matroska",
    (0, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")): "asf",
    **{(8, b"AVI "): "avi", (0, b"FLV\x01"): "flv", (0, b"\0\0\x01\xba"): "mpeg", (0, b"#!AMR"): "amr"},
}
_CALLED = {"mov": "MP4", "matroska": "Matroska or WebM", "asf": "WMA", "aac": "AAC", "mpeg": "MPEG", "mpegts": "MPEG"}


def container_of(head: bytes) -> str:
    """Return FFmpeg's name of the container that a file of this beginning is; empty where libsndfile may know it.

    What a file is told by its beginning alone, and only that format is tried: playlists, which lead to other files,
    are none of these.

    Example:
        >>> container_of(bytes.fromhex("00000020667479704d344120")), container_of(b"RIFF....WAVE")
        ('mov', '')
    """
    for (place, start), kind in _STARTS.items():
        if head[place : place + len(start)] == start:
            return kind
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # of MP3 the layer is not 0
        return "aac"
    return "mpegts" if head[:1] == b"G" == head[188:189] else ""


def in_words(kind: str) -> str:
    """Return what people call a kind of container.

    Example:
        >>> in_words("mov"), in_words("amr")
        ('MP4', 'AMR')
    """
    return _CALLED.get(kind, kind.upper())
