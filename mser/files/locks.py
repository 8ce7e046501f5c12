"""Files that say who is at work: the kernel lets go of one whose holder ended, however it ended."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mser.errors import UserError

log = logging.getLogger(__name__)

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


@contextmanager
def held(lock: Path, holder: str, advice: str, *, patience: float = 0, remove: bool = False) -> Iterator[None]:
    """Hold a lock, against every process of every machine that sees it: NFS passes these locks on.

    Args:
        lock: a file of its own, made if it is not there, in a folder that is made too; says who holds it.
        holder: what it means if it is held already.
        advice: what to do then.
        patience: seconds until it is given up.
        remove: the file does not stay.

    Raises:
        UserError: if it is held already, or cannot be written.
    """
    # A soft lock would outlive a holder that was killed, and so would be none of the kernel's.
    file = FileLock(lock, timeout=patience, poll_interval=0.5, fallback_to_soft=False, on_acquired=_sign)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file.acquire()
    except Timeout:
        raise UserError(f"{holder} ({_signed(lock) or 'by another process'}); {advice}") from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise UserError(f"cannot write to {lock.parent}: {error.strerror}; choose another --out") from error
        log.warning("%s: no locks here (%s), so start nothing twice", lock, error.strerror)
    try:
        yield
    finally:
        if remove:
            lock.unlink(missing_ok=True)
        file.release()


def _sign(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())


def _signed(lock: Path) -> str:
    try:
        return lock.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
