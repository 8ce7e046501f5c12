"""Files that are kept between runs: where they are, and how any number of processes may write them at once."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return ``$MSER_CACHE``, or ``~/.cache/mser`` where that is not set."""
    return Path(os.environ.get("MSER_CACHE") or Path.home() / ".cache" / "mser")


def path_of(folder: Path, key: str, suffix: str) -> Path:
    """Return where the file of a hexadecimal key is: no folder gets too many of them."""
    return folder / key[:2] / f"{key}{suffix}"
