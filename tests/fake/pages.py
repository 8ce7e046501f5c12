"""Serves pages of models for the tests of `mser app`, as its command does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(model) -> Iterator[str]:
    """Yield the address of a model's page; where uploads go, GRADIO_TEMP_DIR has said before."""
    import uvicorn

    from mser.app.web_page import application
    from mser.terminal.door import listening

    door = listening("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(application(model), log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{door.getsockname()[1]}/"
    server.should_exit = True
    thread.join(20)


def open_page(tab, address: str, width: int = 1280, *, dark: bool = False) -> None:
    """Open a page and wait until it can be used."""
    tab.messages.clear()
    tab.open(address, width, dark=dark)
    tab.wait("document.querySelector('#ask') !== null")


def give(tab, recording=None, text: str = "") -> None:
    """Upload a recording and write what is said in it."""
    if recording:
        tab.wait("document.querySelector('#recording input[type=file]') !== null")
        tab.upload("#recording input[type=file]", recording)
        tab.wait("document.querySelector('#recording input[type=file]') === null")
        tab.wait("performance.getEntriesByType('resource').some(one => one.name.includes('/file='))")  # it is there
    if text:
        tab.type("#transcript textarea", text)


def asked(tab, seconds: float = 60) -> str:
    """Ask about what is on the page, and return all that it says in the end."""
    tab.ask("document.querySelector('#ask').click()")
    return tab.wait(
        "!document.querySelector('#said .going') && document.querySelector('#said').innerText.trim()", seconds
    )


def complaints(tab) -> list[str]:
    """Return what the page complained of or fetched from elsewhere, but for Gradio's own word on closing a player."""
    return [message for message in tab.messages if "'Method not implemented.'" not in message]
