"""``mser judge``: a model folder on a corpus, as a run. Light until it is asked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mser.errors import UserError
from mser.plugins import add_option
from mser.terminal.command_parser import CommandParser

_DESCRIPTION = """\
Ask a model folder, whoever trained it, about the test parts of all folds of a corpus, and write a run that
`mser report` shows, and compares with runs of `mser crossval` under the same protocol, with the same intervals. Nothing
is trained: each fold is asked once, which tested.jsonl counts. What the model was trained on is said where it is known;
where not, the report says that it may have been trained on this corpus.

The corpus is given as in `mser fit`: --data RAVDESS --data.init_args.root FOLDER, with data.init_args.protocol and
data.init_args.labels. The same command run again goes on where it stopped."""


def main(argv: Sequence[str]) -> int:
    """Judge the model, say where the run lies, and return 0.

    Raises:
        UserError: if the model's labels do not map, or model, corpus or folder cannot be used.
    """
    own, data = _parted(argv)
    args = command_parser().parse_args(own)
    if not data:
        raise UserError("no corpus is given; add such as --data RAVDESS --data.init_args.root FOLDER")
    from mser.judge.judged_run import judge
    from mser.judge.label_names import parsed

    judge(
        args.model,
        args.out,
        data,
        labels=parsed(args.labels),
        argv=argv,
        device=args.device,
        batch_seconds=args.batch_seconds,
        plugins=args.plugin,
    )
    print(f"{args.out}: judged; `mser report {args.out}` says how well")
    return 0


def _parted(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the options of this command, and those of the data, each with the word behind it.

    Example:
        >>> _parted(["models/own", "--data", "MELD", "--data.init_args.root=meld", "--out", "runs/own"])
        (['models/own', '--out', 'runs/own'], ['--data', 'MELD', '--data.init_args.root=meld'])
    """
    own: list[str] = []
    data: list[str] = []
    words = iter(argv)
    for word in words:
        if word.partition("=")[0] == "--data" or word.startswith("--data."):
            data += [word] if "=" in word else [word, *[next(words, "")]]
        else:
            own.append(word)
    return own, data


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser judge", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="mser judge MODEL --data CORPUS --data.init_args.root FOLDER --out RUN [options]", allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument(
        "model", metavar="MODEL", help="a model folder (mser export, mser convert), or its id on the hub"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument("--labels", action="append", default=[], metavar="OURS=ITS,...", help="what of the model "
                        "counts as which label of the corpus, such as happy=hap,calm=neu; nothing behind = leaves it "
                        "out; needed where the two are not called alike")  # fmt: skip
    parser.add_argument("--device", help="such as cpu or cuda:1; a GPU if there is one")
    parser.add_argument(
        "--batch-seconds", type=float, default=60.0, metavar="S", help="most seconds of audio in a batch"
    )
    add_option(parser)
    return parser
