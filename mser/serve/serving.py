"""Serves the application at a socket until the process is asked to end."""

from __future__ import annotations

import signal
import socket

import uvicorn

from mser.manifest import Seconds
from mser.serve.application import application
from mser.serve.batcher import Batcher
from mser.use.model import Model

_DRAIN = 60  # seconds that requests have to be answered once the process is asked to end


def serve(
    model: Model, door: socket.socket, host: str, *, token: str | None, largest: int, batch_seconds: Seconds
) -> None:
    """Answer at a listening socket; on SIGTERM answer what has been asked, and return.

    Args:
        model: that is asked.
        door: bound and listening.
        host: its address.
        token: that requests must bring; None where none is needed.
        largest: bytes of a request.
        batch_seconds: as for `Model.stream`.
    """
    with Batcher(model, batch_seconds) as batcher:
        app = application(batcher, token=token, largest=largest, host=host)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=_DRAIN))

        def end(*_: object) -> None:
            server.should_exit = True

        # uvicorn takes the signal while it runs, and once it has answered everybody raises it again, for this.
        signal.signal(signal.SIGTERM, end)
        server.run(sockets=[door])
