"""Files that are kept between runs: where they are, and how any number of processes may write them at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


def cache_folder() -> Path:
    """Return ``$MSER_CACHE``, or ``~/.cache/mser`` where that is not set."""
    return Path(os.environ.get("MSER_CACHE") or Path.home() / ".cache" / "mser")


def path_of(folder: Path, key: str, suffix: str) -> Path:
    """Return where the file of a hexadecimal key is: no folder gets too many of them."""
    return folder / key[:2] / f"{key}{suffix}"


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let a file appear whole or not at all: it is written beside its place, which it then takes.

    Args:
        path: its place.
        write: puts the content into an open file.

    Raises:
        OSError: if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        try:
            write(file)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
