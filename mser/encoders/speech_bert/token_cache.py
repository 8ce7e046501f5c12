"""Token ids on disk, so that no utterance is tokenised twice, whoever asks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mser.encoders.cache_files import path_of
from mser.errors import UserError
from mser.files.whole import replacing

Ids = NDArray[np.int32]


class TokenCache:
    """One small file per utterance; any number of processes may read and write the same folder.

    A file appears whole or not at all, and holds the same ids whoever wrote it, so there is nothing to lock.

    Args:
        folder: where the files of one tokeniser are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Ids | None:
        """Return the ids stored under a hexadecimal key; None where there are none or the file is damaged."""
        try:
            return _valid(np.load(path_of(self.folder, key, ".npy"), allow_pickle=False))
        except (OSError, ValueError, EOFError):
            return None

    def put(self, key: str, ids: Ids) -> None:
        """Store (N,) ids under a hexadecimal key.

        Raises:
            UserError: if the folder cannot be written.
        """
        try:
            with replacing(path_of(self.folder, key, ".npy")) as neighbour, neighbour.open("wb") as file:
                np.save(file, ids)
        except OSError as error:
            raise UserError(
                f"cannot write the token cache {str(self.folder)!r} ({error.strerror}); "
                "set MSER_CACHE to a folder that is writable and has room"
            ) from error


def _valid(ids: object) -> Ids | None:
    return ids if isinstance(ids, np.ndarray) and ids.dtype == np.int32 and ids.ndim == 1 else None
