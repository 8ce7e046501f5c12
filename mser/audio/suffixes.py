"""Which files count as recordings, by their names alone."""

from __future__ import annotations

import os
from collections.abc import Collection

from mser.audio.containers import can_read_containers

SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf", ".w64"),
    *(".rf64", ".voc", ".sph"),
)
"""What counts as audio where a folder is looked through; a file that is named is tried whatever it is called."""
VIDEOS = (
    *(".mp4", ".m4v", ".m4a", ".mov", ".mkv", ".webm", ".avi", ".flv", ".mpg", ".mpeg", ".wmv", ".3gp", ".aac"),
    *(".mka", ".m4b", ".wma", ".amr", ".mts", ".m2ts"),
)
"""Containers, most of them of videos, whose sound PyAV decodes (extra av), or FFmpeg takes out first."""


def heard_in(names: Collection[str]) -> list[str]:
    """Return those of the files of a folder, by name or path, that count as recordings, in their order.

    Containers do where PyAV can decode them, unless there is audio of the same name: it was taken out of them.

    Example:
        >>> heard_in(["b.wav", "b.txt", "b.mp4", "a.FLAC"])
        ['b.wav', 'a.FLAC']
    """
    audio = {os.path.splitext(name)[0] for name in names if name.lower().endswith(SUFFIXES)}
    also = VIDEOS if can_read_containers() else ()

    def is_heard(name: str) -> bool:
        return name.lower().endswith(SUFFIXES) or (
            name.lower().endswith(also) and os.path.splitext(name)[0] not in audio
        )

    return [name for name in names if is_heard(name)]
