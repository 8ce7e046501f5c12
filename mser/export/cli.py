"""``mser export``: finished folds as a folder that ``mser predict`` and ``mser.load`` take. Light until it is asked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mser.errors import UserError
from mser.plugins import add_option
from mser.terminal.arguments import role_and_name
from mser.terminal.command_parser import CommandParser

_DESCRIPTION = """\
Make a folder of one or more finished folds of a run, or of a `mser fit`: weights as safetensors, config.json, what the
encoders are rebuilt from, and README.md, a model card. `mser predict FOLDER clip.wav` and mser.load("FOLDER") use it
with neither network, corpus nor experiment file; it can be shared as it is. Several folds or seeds make an ensemble:
their probabilities are averaged. With --average several seeds of one fold become one set of weights, as fast as one of
them, if it scores no worse than the ensemble on validation. Probabilities are calibrated on each validation part;
that of a `mser fit` is heard again for it.

With --onnx the folder runs on ONNX Runtime, where no PyTorch is installed; instead of folds a folder that was exported
before may be given. How far its answers are from PyTorch's is measured on the validation part, or on --check.

With --transformers the folder is a classifier of transformers, which pipeline("audio-classification") runs with the
same answers; it takes the same sources. A model that reads, an ensemble, or one whose pooling or fusion transformers
does not have is refused."""


def main(argv: Sequence[str]) -> int:
    """Make the folder, say in one line what it is, and return 0.

    Raises:
        UserError: if a fold is not finished, the folder cannot be made, or options do not go together.
    """
    args = command_parser().parse_args(argv)
    if args.onnx and args.transformers:
        raise UserError("--onnx and --transformers make different folders; ask for one at a time")
    for name in ("int8", "check", "columns"):
        if getattr(args, name) and not args.onnx:
            raise UserError(f"--{name} is of no use without --onnx; add --onnx, or leave it out")
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    with TemporaryDirectory() as scratch:
        args.folds = _folds(args, Path(scratch))
        if args.transformers:
            return _transformers(args, Path(scratch))
        return _onnx(args, Path(scratch)) if args.onnx else _export(args)


def _folds(args: argparse.Namespace, scratch: Path) -> list[Path]:
    """Return finished folds, of which one may stand for the folder of a fit."""
    from mser.export.fit import as_fold, is_fit

    fits = [folder for folder in args.folds if is_fit(folder)]
    if fits and len(args.folds) > 1:
        raise UserError(f"{fits[0]} is the folder of a fit, which is exported alone; leave the others out")
    return [as_fold(fits[0], scratch, args.plugin)] if fits else list(args.folds)


def _export(args: argparse.Namespace) -> int:
    from mser.export.trained_folder import export

    settings = export(args.folds, args.out, average=args.average, plugins=args.plugin)
    several = f", {len(settings.members)} models averaged" if len(settings.members) > 1 else ""
    print(f"{args.out}: {' and '.join(settings.modalities)} to {', '.join(settings.task['labels'])}{several}")
    if args.average:
        print(settings.trained["averaged"]["said"])
    return 0


def _source(args: argparse.Namespace, scratch: Path) -> Path:
    """Return the model folder that was given, or one below `scratch` of the folds that were."""
    from mser.export.trained_folder import export
    from mser.use.settings import is_model_folder

    if not is_model_folder(args.folds[0]):
        export(args.folds, scratch / "model", average=args.average, plugins=args.plugin)
        return scratch / "model"
    if args.average or len(args.folds) > 1:
        raise UserError(
            f"{args.folds[0]} is a model folder, which is exported alone and as it is; leave out --average and "
            "other folders, or give the folds it was made of"
        )
    return Path(args.folds[0])


def _transformers(args: argparse.Namespace, scratch: Path) -> int:
    from mser.export.transformers import export_transformers

    message = export_transformers(_source(args, scratch), args.out)
    print(f"{args.out}: a classifier of transformers; {message}")
    return 0


def _onnx(args: argparse.Namespace, scratch: Path) -> int:
    from mser.export.folds import read_folds
    from mser.export.onnx import export_onnx
    from mser.export.onnx_check import table, validation
    from mser.use.settings import read_settings

    source = _source(args, scratch)
    clips = None if source == args.folds[0] else validation(read_folds(args.folds))
    if args.check:
        clips = table(args.check, dict(args.columns), read_settings(source).question())
    made = export_onnx(source, args.out, clips, int8=args.int8, plugins=args.plugin)
    print("\n".join([f"{args.out}: {' and '.join(made.settings.modalities)} on ONNX Runtime", *made.notes]))
    return 0


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser export", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folds",
        nargs="+",
        type=Path,
        metavar="RUN/seed1/fold1",
        help="finished folds of one run, or the folder of one `mser fit`",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="the folder to make; must not exist")
    parser.add_argument("--average", action="store_true", help="one set of weights of several seeds of one fold")
    parser.add_argument("--onnx", action="store_true", help="make a folder that runs without PyTorch")
    parser.add_argument("--transformers", action="store_true", help="make a folder that transformers' pipeline runs; "
                        "speech alone")  # fmt: skip
    parser.add_argument(
        "--int8", action="store_true", help="with --onnx: linear layers in 8 bits; what it costs is told"
    )
    parser.add_argument("--check", type=Path, metavar="TABLE", help="with --onnx: recordings to compare on, with "
                        "columns audio, transcript, label")  # fmt: skip
    parser.add_argument("--columns", nargs="+", type=role_and_name, default=[], metavar="ROLE=NAME",
                        help="where columns of the table are called otherwise, such as audio=file")  # fmt: skip
    add_option(parser)
    return parser
