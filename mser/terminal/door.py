"""The address that a command listens at."""

from __future__ import annotations

import errno
import socket

from mser.errors import UserError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this machine reaches."""


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound before anything slow is done.

    Args:
        host: an address of this machine.
        port: 0 for any that is free.

    Raises:
        UserError: if the port is in use, or there is no such address here.
    """
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen()
    except (OSError, OverflowError) as error:
        door.close()
        reason = getattr(error, "strerror", None) or str(error)
        problem = "is in use" if getattr(error, "errno", 0) == errno.EADDRINUSE else f"cannot be used ({reason})"
        raise UserError(
            f"port {port} of {host} {problem}; choose another with --port, or 0 for any that is free"
        ) from error
    return door
