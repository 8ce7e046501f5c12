"""Reads ``.csd`` files, in which CMU's Multimodal SDK keeps features over time, with h5py alone.

The layout is ``/<name>/data/<video>/{features,intervals}``: one row per interval, times in seconds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from mser.audio.wav import LFS_POINTER
from mser.errors import UserError
from mser.manifest import Problem, Seconds

# What h5py says of files that were damaged depends on where they were.
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, MemoryError)
_ALIGNED = re.compile(r"(?P<video>.+)\[(?P<index>\d{1,9})\]")


@dataclass(frozen=True, slots=True)
class Interval:
    """One row: the SDK calls it ``video[index]``, counted from 0 and not always in the order of time."""

    index: int
    start: Seconds
    end: Seconds
    features: tuple[float, ...]


def read_csd(path: Path, widths: Collection[int]) -> tuple[dict[str, list[Interval]], list[Problem]]:
    """Return the rows of every video, and what could not be understood.

    Args:
        path: the file.
        widths: how many features a row may have.

    Raises:
        UserError: if it is no such file or h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise UserError(
            f"{path.name} needs the package h5py, which is not installed; `pip install 'multimodal-ser[csd]'`"
        ) from error
    try:
        _require_fetched(path)
        with h5py.File(path, "r") as file:
            name = next(iter(file), None)
            data = None if name is None else file[name].get("data") if isinstance(file[name], h5py.Group) else None
            if not isinstance(data, h5py.Group):
                raise UserError(f"{path} holds no <name>/data/<video>; restore the label file")
            return _videos(data, path, widths)
    except _DAMAGED as error:
        message = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is no HDF5 file, or a damaged one ({message}); restore the label file") from error


def _require_fetched(path: Path) -> None:
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UserError(f"{path} is no file; restore the label file")
    with path.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise UserError(f"{path} is a pointer of Git LFS, not the file itself; fetch it with `git lfs pull`")


def _videos(data: Any, path: Path, widths: Collection[int]) -> tuple[dict[str, list[Interval]], list[Problem]]:
    videos: dict[str, list[Interval]] = defaultdict(list)
    problems = []
    for key, group in data.items():
        try:
            features, intervals = group["features"][()], group["intervals"][()]
            features, intervals = features.astype(float), intervals.astype(float)
            if features.ndim != 2 or intervals.shape != (len(features), 2):
                raise ValueError(f"features of shape {features.shape} and intervals of shape {intervals.shape}")
        except _DAMAGED as error:
            reason = " ".join(str(error).split())[:200]
            problems.append(Problem("unreadable", f"{path.name}: {key} is left out, it has {reason}; restore the file"))
            continue
        if features.shape[1] not in widths:
            expected = " or ".join(map(str, sorted(widths)))
            raise UserError(
                f"{path}: {key} has {features.shape[1]} labels a row, expected {expected}; is it another file?"
            )
        match = _ALIGNED.fullmatch(key)
        rows = zip(intervals.tolist(), features.tolist(), strict=True)
        for index, ((start, end), values) in enumerate(rows, int(match["index"]) if match else 0):
            if isfinite(start) and isfinite(end):
                videos[match["video"] if match else key].append(Interval(index, start, end, tuple(values)))
            else:
                message = f"{path.name}: {key}[{index}] is left out, it lasts from {start} to {end}; restore the file"
                problems.append(Problem("time", message))
    return {video: sorted(rows, key=lambda row: row.index) for video, rows in videos.items()}, problems
