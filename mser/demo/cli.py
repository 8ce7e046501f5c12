"""``mser demo-model OUT``: something to try the other commands with. Light until it is asked."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from mser.terminal.command_parser import CommandParser

_DESCRIPTION = """\
Make up a corpus in IEMOCAP's shape, train a small model of speech and text on it, and leave the model folder in OUT:
what `mser predict`, `mser app`, `mser serve`, `mser export` and mser.load can be tried with by someone without data. It
takes about a minute, and neither network, corpus nor GPU (`pip install 'multimodal-ser[demo]'`).

OUT/examples has recordings to try it on: clips with a table, and a call in stereo with who speaks when. Nobody has
spoken them or what the model was trained on: its answers mean nothing, and everything that shows them says so."""


def main(argv: Sequence[str]) -> int:
    """Make the folder, say what can be done with it, and return 0.

    Raises:
        UserError: if it cannot be made.
    """
    out = command_parser().parse_args(argv).out
    # Layers as small as these are done before a second thread has begun: on a busy machine two take four times as long.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from mser.demo.trained import EXAMPLES, make_model

    settings = make_model(out)
    examples = out / EXAMPLES
    answers = f"{' and '.join(settings.modalities)} to {', '.join(settings.task['labels'])}"
    print(f"{out}: {answers}; it has heard made-up recordings alone, so its answers mean nothing. Try:")
    print(f"  mser predict {out} {examples}/clips/anna-01.wav")
    print(f"  mser predict {out} --table {examples}/recordings.csv --columns audio=file")
    print(f"  mser predict {out} --turns {examples}/call.rttm")
    return 0


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser demo-model", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder to make; must not exist, or be empty")
    return parser
