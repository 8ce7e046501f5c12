"""``mser app MODEL``: a page on this machine where a model can be tried. Light until it is asked."""

from __future__ import annotations

import argparse
import os
import signal
import socket
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING

from mser.errors import UserError, brief
from mser.plugins import add_option
from mser.terminal.command_parser import CommandParser
from mser.terminal.door import listening

if TYPE_CHECKING:
    from mser.use.model import Model

_DESCRIPTION = """\
Serve a page on this machine: record or upload speech, type its transcript or let --asr write it, and see what the model
says, over time where the recording is long, and how much speech and text decided. A recording of more than a minute is
heard in windows, which a model of speech and text can do if it was trained with either missing or is given --asr; half
an hour is the most. The page needs no network, sends nothing anywhere and opens only what was uploaded through it;
uploads lie in a temporary folder for at most ten minutes, and that folder goes when the page is stopped (Ctrl+C)."""
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}


def main(argv: Sequence[str]) -> int:
    """Serve the page until it is stopped, and return 0.

    Raises:
        UserError: if the model cannot be used, gradio is not installed, or the port is in use.
    """
    args = command_parser().parse_args(argv)
    if find_spec("gradio") is None:
        raise UserError("the page needs gradio, which is not installed: pip install 'multimodal-ser[app]'")
    with listening(args.host, args.port) as door, TemporaryDirectory(prefix="mser-app-") as scratch:
        os.environ.update(QUIET, GRADIO_TEMP_DIR=scratch)
        for number in (signal.SIGTERM, signal.SIGHUP):  # whoever ends it so, or closes the terminal, leaves no uploads
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _leave)
        _without_socks()
        serve = _server()
        from mser.use.model import load

        model = load(args.model, device=args.device, asr=args.asr, plugins=args.plugin)
        print(f"http://{args.host}:{door.getsockname()[1]} (Ctrl+C stops it)", flush=True)
        serve(model, door, args.host)
    return 0


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _server() -> Callable[[Model, socket.socket, str], None]:
    """Return what serves a model.

    Raises:
        UserError: if gradio is there and cannot be used.
    """
    try:
        from mser.app.web_page import serve
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"the page needs a gradio that can be imported ({brief(error)}): "
            "pip install --upgrade 'multimodal-ser[app]'"
        ) from error
    return serve


def _without_socks() -> None:
    """Forget SOCKS proxies, where httpx, which gradio makes on being imported, has no package for them.

    The page is on this machine and asks no network.
    """
    if find_spec("socksio") is None:
        for name, value in list(os.environ.items()):
            if name.lower().endswith("_proxy") and value.lower().startswith("socks"):
                del os.environ[name]


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser app", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="MODEL", help="a folder that `mser export` made, or its id on the hub")
    parser.add_argument("--port", type=int, default=7860, help="default: 7860; 0 takes one that is free")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, which only this machine reaches; on "
                        "any other, everybody who reaches it can use the page, though browsers lend their microphone "
                        "to https alone")  # fmt: skip
    parser.add_argument("--asr", metavar="NAME", help="writes transcripts: a Hugging Face id such as "
                        "openai/whisper-small, or a local folder")  # fmt: skip
    parser.add_argument("--device", help="such as cpu or cuda:1; a GPU if there is one unless given")
    add_option(parser)
    return parser
