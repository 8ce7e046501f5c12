"""Where the raw releases of CMU-MOSI and CMU-MOSEI keep what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mser.audio.containers import can_read_containers
from mser.errors import UserError


def find_labels(root: Path, names: Sequence[str]) -> Path | None:
    """Return the first label file of one of these names, in `root` or up to three folders below it."""
    for name in names:
        for depth in ("", "*/", "*/*/", "*/*/*/"):
            if path := next(iter(sorted(root.glob(f"{depth}{name}"))), None):
                return path
    return None


def find_folder(root: Path, *parts: str) -> str | None:
    """Return the first of these folders that is there, below ``Raw`` or without it, relative to `root`."""
    places = [f"{raw}{part}" for part in parts for raw in ("Raw/", "")]
    return next((place for place in places if (root / place).is_dir()), None)


def require_audio(root: Path, labels: Path, video: str | None, videos: Mapping[str, str]) -> str:
    """Return the folder of the audio: that of the videos where there is no other and PyAV can hear them.

    Args:
        root: the corpus.
        labels: its label file.
        video: the folder, if there is one.
        videos: where videos may be, and where the audio that belongs to them is looked for.

    Raises:
        UserError: if there is none; it says what to do with videos.
    """
    if video:
        return video
    hint = "unpack the raw data into the same folder"
    for part, audio in videos.items():
        if folder := find_folder(root, part):
            if can_read_containers() and any((root / folder).glob("*.mp4")):
                return folder
            hint = (
                f"run `mser data extract-audio {root / folder} --out {root / folder.removesuffix(part) / audio}`, "
                "or hear the videos: pip install 'multimodal-ser[av]'"
            )
    looked = " and ".join(f"Raw/{part}" for part in videos.values())
    raise UserError(f"{labels} is there but no audio: looked for {looked}; {hint}")


def ending(audio: str) -> str:
    """Return what the files of a folder of audio, or of videos, end in.

    Example:
        >>> ending("Raw/Audio/WAV_16000/Full"), ending("Raw/Video/Full")
        ('.wav', '.mp4')
    """
    return ".wav" if "WAV_16000" in audio else ".mp4"


def nothing_found(root: Path, title: str, names: Sequence[str]) -> UserError:
    """Return the error for a folder in which no labels are."""
    if not root.is_dir():
        return UserError(f"{root} is no folder; give the folder that holds {title}")
    return UserError(f"no {title} in {root}: looked for {', '.join(names)} and label.csv and found none")
