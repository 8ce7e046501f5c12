"""Files that say who is at work: the kernel lets go of one whose holder ended, however it ended."""

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
    raise UserError("mser locks what it writes, for which it needs Linux or macOS; on Windows use WSL") from None

log = logging.getLogger(__name__)


@contextmanager
def held(lock: Path, holder: str, advice: str, *, patience: float = 0, remove: bool = False) -> Iterator[None]:
    """Hold a lock, against every process of every machine that sees it: NFS passes these locks on.

    Args:
        lock: a file of its own, made if it is not there, in a folder that is made too.
        holder: what it means if it is held already.
        advice: what to do then.
        patience: seconds until it is given up.
        remove: the file does not stay.

    Raises:
        UserError: if it is held already, or cannot be written.
    """
    deadline = time.monotonic() + patience
    while True:
        file = _opened(lock)
        if not _taken(file):
            with file:
                if time.monotonic() >= deadline:
                    file.seek(0)
                    raise UserError(f"{holder} ({file.read() or 'by another process'}); {advice}")
            time.sleep(0.5)
        elif _is(file, lock):
            break
        else:  # its holder removed it between the two
            file.close()
    with file:
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        try:
            yield
        finally:
            if remove:
                lock.unlink(missing_ok=True)


def _opened(lock: Path) -> IO[str]:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return lock.open("a+", encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"cannot write to {lock.parent}: {error.strerror}; choose another --out") from error


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        log.warning("%s: no locks here (%s), so start nothing twice", file.name, error.strerror)
    return True


def _is(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
