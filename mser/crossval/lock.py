"""Folders that one process at a time works in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mser.errors import UserError
from mser.files.locks import held

try:
    import resource as resource  # measures a fold's memory; what has it has the signals that end a fold, too
except ModuleNotFoundError:
    raise UserError("folds are fitted on Linux or macOS; on Windows use WSL") from None


@contextmanager
def alone_in(folder: Path, holder: str, advice: str, *, patience: float = 0) -> Iterator[None]:
    """Make a folder and hold it; see `mser.files.locks.held`.

    Args:
        folder: to hold.
        holder: what it means if it is held already.
        advice: what to do then.
        patience: seconds until it is given up.

    Raises:
        UserError: if it is held already, or cannot be written to.
    """
    with held(folder / ".lock", holder, advice, patience=patience):
        yield
