"""``mser serve MODEL``: a model folder that answers over HTTP. Light until it is asked."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from importlib.util import find_spec

from mser.errors import UserError
from mser.plugins import add_option
from mser.terminal.arguments import positive
from mser.terminal.command_parser import CommandParser
from mser.terminal.door import LOOPBACK, listening

TOKEN = "MSER_TOKEN"  # noqa: S105 -- the name of the variable
_NEEDED = ("fastapi", "fastapi_offline", "uvicorn", "python_multipart")
_DESCRIPTION = """\
Answer over HTTP: POST a recording, its transcript or both to /predict, or a long recording to /segments, and get JSON;
/docs is a page that shows how, and /health says whether it is there. Requests that come together are answered together.
What cannot be used is answered with 422 and the reason. Uploads are deleted once they are answered.

  curl -F file=@clip.wav -F text="So nice to see you!" http://127.0.0.1:8000/predict

Other machines reach it with --host, which takes a token: then requests need `Authorization: Bearer TOKEN`. There is no
encryption; put a server that has it in front. SIGTERM lets it answer what has been asked, and end."""


def main(argv: Sequence[str]) -> int:
    """Serve until the process is asked to end, and return 0.

    Raises:
        UserError: if the model cannot be used, a package is missing, the port is in use, or a token is missing.
    """
    args = command_parser().parse_args(argv)
    token = _token(args.token, args.host)
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise UserError(f"serving needs {missing[0]}, which is not installed: pip install 'multimodal-ser[serve]'")
    with listening(args.host, args.port) as door:
        from mser.use.model import load

        model = load(args.model, device=args.device, asr=args.asr, precision=args.precision, plugins=args.plugin)
        from mser.serve.serving import serve

        print(f"http://{args.host}:{door.getsockname()[1]} (how to ask it: /docs; Ctrl+C stops it)", flush=True)
        largest = round(args.max_upload * 1e6)
        serve(model, door, args.host, token=token, largest=largest, batch_seconds=args.batch_seconds)
    return 0


def _token(given: str | None, host: str) -> str | None:
    """Return the token that requests must bring.

    Raises:
        UserError: if others can reach the address and there is none, or it cannot be sent.
    """
    token = given if given is not None else os.environ.get(TOKEN) or None
    if token is None:
        if host in LOOPBACK:
            return None
        raise UserError(
            f"others can ask at {host}, which takes a token: set {TOKEN}, or give --token; or serve on 127.0.0.1"
        )
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UserError("the token is empty, or holds spaces or other than ASCII; take letters and digits")
    return token


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser serve", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="MODEL", help="a folder that `mser export` made, or its id on the hub")
    parser.add_argument("--port", type=int, default=8000, help="default: 8000; 0 takes one that is free")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, which only this machine reaches; any "
                        "other needs a token")  # fmt: skip
    parser.add_argument("--token", help=f"that requests must bring; better in ${TOKEN}, since others on this machine "
                        "can see its commands")  # fmt: skip
    parser.add_argument("--max-upload", type=positive, default=200.0, metavar="MB", help="largest request (default: "
                        "200)")  # fmt: skip
    parser.add_argument("--asr", metavar="MODEL", help="write missing transcripts with this speech recogniser, such as "
                        "openai/whisper-tiny.en or a folder")  # fmt: skip
    parser.add_argument("--device", help="such as cpu or cuda:1; a GPU if there is one by default")
    parser.add_argument("--precision", choices=["32", "bf16"], default="32",
                        help="bf16: faster where the hardware has it, with slightly other probabilities")  # fmt: skip
    parser.add_argument("--batch-seconds", type=positive, default=60.0, metavar="S", help="most seconds of padded "
                        "audio at a time, and of a clip (default: 60)")  # fmt: skip
    add_option(parser)
    return parser
