"""Folders that one process at a time works in: the kernel lets go of a folder whose holder ended, however it ended."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mser.errors import UserError

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where `resource`, which measures memory, is missing too
    raise UserError("mser crossval, robustness and sweep need Linux or macOS; on Windows use WSL") from None

log = logging.getLogger(__name__)


@contextmanager
def alone_in(folder: Path, found: str, advice: str, *, patience: float = 0) -> Iterator[None]:
    """Make a folder and hold it, against every process of every machine that sees it: NFS passes these locks on.

    Args:
        folder: to hold.
        found: what it means if it is held already.
        advice: what to do then.
        patience: seconds until it is given up.

    Raises:
        UserError: if it is held already, or cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a+")
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}; choose another --out") from error
    with lock:
        deadline = time.monotonic() + patience
        while not _taken(lock):
            if time.monotonic() >= deadline:
                lock.seek(0)
                raise UserError(f"{found} ({lock.read() or 'by another process'}); {advice}")
            time.sleep(0.5)
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {socket.gethostname()}")
        lock.flush()
        yield


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        log.warning("%s: no locks here (%s), so start nothing twice", lock.name, error.strerror)
    return True
