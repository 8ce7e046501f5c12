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

_ALIGNED = re.compile(r"(?P<video>.+)\[(?P<index>\d+)\]")


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
    _require_fetched(path)
    try:
        with h5py.File(path, "r") as file:
            name = next(iter(file), None)
            if name is None or "data" not in file[name]:
                raise UserError(f"{path} holds no <name>/data/<video>; restore the label file")
            return _videos(file[name]["data"], path, widths)
    except OSError as error:
        raise UserError(f"{path} is no HDF5 file ({error}); restore the label file") from error


def _require_fetched(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise UserError(f"{path} is a pointer of Git LFS, not the file itself; fetch it with `git lfs pull`")


def _videos(data: Any, path: Path, widths: Collection[int]) -> tuple[dict[str, list[Interval]], list[Problem]]:
    videos: dict[str, list[Interval]] = defaultdict(list)
    problems = []
    for key, group in data.items():
        try:
            features, intervals = group["features"][()], group["intervals"][()]
            if features.ndim != 2 or intervals.shape != (len(features), 2):
                raise ValueError(f"features of shape {features.shape} and intervals of shape {intervals.shape}")
        except (KeyError, ValueError, TypeError, OSError) as error:
            problems.append(Problem("unreadable", f"{path.name}: {key} is left out, it has {error}; restore the file"))
            continue
        if features.shape[1] not in widths:
            expected = " or ".join(map(str, sorted(widths)))
            raise UserError(
                f"{path}: {key} has {features.shape[1]} labels a row, expected {expected}; is it another file?"
            )
        match = _ALIGNED.fullmatch(key)
        rows = zip(intervals.astype(float).tolist(), features.astype(float).tolist(), strict=True)
        for index, ((start, end), values) in enumerate(rows, int(match["index"]) if match else 0):
            if isfinite(start) and isfinite(end):
                videos[match["video"] if match else key].append(Interval(index, start, end, tuple(values)))
            else:
                message = f"{path.name}: {key}[{index}] is left out, it lasts from {start} to {end}; restore the file"
                problems.append(Problem("time", message))
    return {video: sorted(rows, key=lambda row: row.index) for video, rows in videos.items()}, problems
