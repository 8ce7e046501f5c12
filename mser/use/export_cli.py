"""``mser export``: finished folds as a folder that ``mser predict`` and ``mser.load`` take. Light until it is asked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

_DESCRIPTION = """\
Make a folder of one or more finished folds of a run: weights as safetensors, config.json, what the encoders are rebuilt
from, and README.md, a model card. `mser predict FOLDER clip.wav` and mser.load("FOLDER") use it with neither network,
corpus nor experiment file; it can be shared as it is. Several folds or seeds make an ensemble: their probabilities are
averaged. With --average several seeds of one fold become one set of weights, as fast as one of them, if it scores no
worse than the ensemble on validation. Probabilities are calibrated on each fold's validation part."""


def main(argv: Sequence[str]) -> int:
    """Make the folder, say in one line what it is, and return 0.

    Raises:
        UserError: if a fold is not finished, or the folder cannot be made.
    """
    args = _parser().parse_args(argv)
    from transformers.utils.logging import disable_progress_bar

    from mser.use.export import export

    disable_progress_bar()
    settings = export(args.folds, args.out, average=args.average)
    several = f", {len(settings.members)} models averaged" if len(settings.members) > 1 else ""
    print(f"{args.out}: {' and '.join(settings.modalities)} to {', '.join(settings.task['labels'])}{several}")
    if args.average:
        print(settings.trained["averaged"]["said"])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mser export", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folds", nargs="+", type=Path, metavar="RUN/seed1/fold1", help="finished folds of one run")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="the folder to make; must not exist")
    parser.add_argument("--average", action="store_true", help="one set of weights of several seeds of one fold")
    return parser
