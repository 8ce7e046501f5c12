"""Files that are kept between runs: where they are, and how any number of processes may write them at once."""

from __future__ import annotations

import logging
import os
from hashlib import sha256
from pathlib import Path
from threading import Lock

from mser.files.whole import replacing

_CHECKSUM = 32  # bytes
log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return ``$MSER_CACHE``, or ``~/.cache/mser`` where that is not set."""
    return Path(os.environ.get("MSER_CACHE") or Path.home() / ".cache" / "mser")


def path_of(folder: Path, key: str, suffix: str) -> Path:
    """Return where the file of a hexadecimal key is: no folder gets too many of them."""
    return folder / key[:2] / f"{key}{suffix}"


_TELLING = Lock()


class CheckedCache:
    """Small files of bytes, each behind its SHA-256: what a full disk or another program made of one is not believed.

    A file appears whole or not at all, and holds the same whoever wrote it, so there is nothing to lock. What cannot be
    kept is computed anew next time, which one warning tells.

    Args:
        folder: below `cache_folder`; named after all that the content depends on but for the key.
        suffix: of the files' names.
    """

    def __init__(self, folder: str, suffix: str) -> None:
        self.folder, self._suffix = cache_folder() / folder, suffix
        self._writable = True

    def get(self, key: str) -> bytes | None:
        """Return what is stored under a hexadecimal key; None where there is nothing or the file is damaged."""
        try:
            stored = path_of(self.folder, key, self._suffix).read_bytes()
        except OSError:
            return None
        checksum, content = stored[:_CHECKSUM], stored[_CHECKSUM:]
        return content if checksum == sha256(content).digest() else None

    def put(self, key: str, content: bytes) -> None:
        """Store bytes under a hexadecimal key, if the folder can be written."""
        if not self._writable:
            return
        try:
            path = path_of(self.folder, key, self._suffix)
            with replacing(path) as neighbour:
                neighbour.write_bytes(sha256(content).digest() + content)
        except OSError as error:
            with _TELLING:  # threads may fail at the same time
                if self._writable:
                    log.warning(
                        "nothing can be kept in %s (%s); set MSER_CACHE to save time", self.folder, error.strerror
                    )
                self._writable = False
