"""The ``mser`` command: says what there is and hands over to it. Nothing heavy is imported before it is asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from mser import __version__
from mser.distribution import stranger
from mser.errors import UserError, in_one_line, one_of

COMMANDS = {
    "init": ("mser.init.cli", "look at recordings and write an experiment for them and this machine"),
    "fit": ("mser.training", "train on one fold; the test part stays locked"),
    "validate": ("mser.training", "score a checkpoint on the validation part"),
    "test": ("mser.training", "score a checkpoint on the test part"),
    "predict": ("mser.training", "tell the emotions of recordings with a model folder; with --config, of a corpus"),
    "crossval": ("mser.crossval.cli", "fit and test every fold and seed; run again to resume"),
    "sweep": ("mser.sweep.cli", "search for the best settings; --test scores the search without optimism"),
    "robustness": ("mser.robustness.cli", "ask a run's models again without a side, with wrong words, in noise"),
    "report": ("mser.report.cli", "tables and a page from the predictions of one or more runs"),
    "data": ("mser.corpora.cli", "check a corpus, list its utterances or folds, make up a small one"),
    "demo-model": ("mser.demo.cli", "make a small model of made-up speech to try the other commands with"),
    "export": ("mser.export.cli", "make a folder of a trained model, to use and to share"),
    "judge": ("mser.judge.cli", "ask a model folder about a corpus's test parts, as a run to report"),
    "app": ("mser.app.cli", "a page on this machine to try a model on"),
    "serve": ("mser.serve.cli", "a model folder that answers over HTTP"),
    "convert": ("mser.convert.cli", "turn checkpoints of others into model folders and encoders"),
    "completion": ("mser.completion.cli", "what lets bash, zsh or fish complete commands and options"),
}

_LONGEST = 1_500  # letters of a message: what it quotes may have no end


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 problems found, 2 a mistake of the user's.

    Args:
        argv: the command and its options; those of the process when None.
    """
    args = sys.argv[1:] if argv is None else list(argv)
    if args[:1] == ["help"]:
        args = [*args[1:2], "--help"]
    if not args or args[0] in ("-h", "--help"):
        print(_usage())
        return 0
    if args[0] in ("-V", "--version"):
        print(f"mser {__version__}")
        return 0
    if met := stranger():
        print(f"mser: note: {met}", file=sys.stderr)
    try:
        code = _run(args[0], args[1:])
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"mser: error: {str(error)[:_LONGEST]}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.filename is None:
            raise
        print(f"mser: error: {in_one_line(error)}", file=sys.stderr)
        return 2


def _run(command: str, rest: list[str]) -> int:
    if command not in COMMANDS:
        raise one_of("command", command, list(COMMANDS))
    if COMMANDS[command][0] == "mser.training" and not (command == "predict" and _asks_a_folder(rest)):
        _look_ahead(command, rest)
    module = _module(command, rest)
    try:
        # The four that train share a module, which must know which of them it is.
        code = module.main([command, *rest] if module.__name__ == "mser.training" else rest)
    except SystemExit as leaving:  # argparse, after --help or a mistyped option
        code = leaving.code
    return int(code or 0) if not isinstance(code, str) else 2


def _look_ahead(command: str, rest: list[str]) -> None:
    """Refuse in a second what needs no PyTorch to be seen."""
    from mser.fitting.early import require_at_hand

    if not {"-h", "--help", "--print_config"} & {word.partition("=")[0] for word in rest}:
        require_at_hand(rest, adapts=command != "fit")


def _module(command: str, rest: list[str]) -> Any:
    """Return what does it; there are two commands ``predict``, and that of model folders knows what is asked of it."""
    if command == "predict" and _asks_a_folder(rest):
        return import_module("mser.predict.cli")
    return import_module(COMMANDS[command][0])


def _asks_a_folder(rest: list[str]) -> bool:
    from mser.predict import cli

    return cli.asks_a_folder(rest)


def _usage() -> str:
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:<{width}}  {what}" for name, (_, what) in COMMANDS.items())
    return (
        "usage: mser COMMAND [options]\n\n"
        "Recognise emotion from what was said and how, and judge the result honestly.\n\n"
        f"{rows}\n\n"
        "`mser help COMMAND` says more; `mser --version` prints the version."
    )
