"""Noise under speech: a stretch of some recording in a folder, at an exact signal-to-noise ratio."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from torch import Tensor

from mser.audio.suffixes import SUFFIXES
from mser.data.audio import SAMPLE_RATE, load
from mser.errors import UserError

Decibels = float


@lru_cache
def recordings(folder: str) -> tuple[Path, ...]:
    """Return the audio files in a folder and beneath, in an order that is the same on every machine.

    Raises:
        UserError: if there are none.
    """
    files = [path for path in Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()]
    paths = sorted((path for path in files if not path.name.startswith(".")), key=lambda path: path.as_posix())
    if not paths:
        raise UserError(f"no recordings to take noise from in {folder}; give a folder of wav or flac files")
    return tuple(paths)


def require_noise(folder: str) -> None:
    """Accept a folder of recordings; one that cannot be used would otherwise end a fit when it is first drawn.

    Raises:
        UserError: if there are none, or one cannot be read or is empty.
    """
    for path in recordings(folder):
        if not _seconds(path):
            raise UserError(f"{path} holds no noise, for it is empty; take it out of that folder")


def with_noise(clip: Tensor, folder: str, snr: tuple[Decibels, Decibels], random: np.random.Generator) -> Tensor:
    """Return a (samples,) clip with noise under it.

    Args:
        clip: at 16 kHz.
        folder: of recordings; one of them is chosen, and a place in it. A shorter one is repeated.
        snr: the least and the greatest ratio of the clip's power to the noise's; one between them is drawn.
        random: where all this is drawn from.
    """
    from torchaudio.functional import add_noise

    files = recordings(folder)
    noise = _stretch(files[random.integers(len(files))], len(clip), random.random())
    ratio = clip.new_tensor(random.uniform(*snr))
    if not noise.any():
        return clip  # silence cannot be made loud
    noisy: Tensor = add_noise(clip[None], noise[None], ratio[None])[0]
    return noisy


def _stretch(path: Path, count: int, place: float) -> Tensor:
    """Return (count,) samples of a recording from a place in it, 0 the earliest, 1 the latest; only these are read."""
    seconds = count / SAMPLE_RATE
    start = place * max(_seconds(path) - seconds, 0)
    noise = load(path, start, start + seconds + 0.01)
    return noise.repeat(-(-count // len(noise)))[:count]


def _seconds(path: Path) -> float:
    """Return how long a recording is, by its header.

    Raises:
        UserError: if it cannot be read.
    """
    import soundfile

    try:
        return float(soundfile.info(path).duration)
    except (OSError, RuntimeError) as error:
        raise UserError(f"cannot read noise from {path}: {error}; take it out of that folder") from error
