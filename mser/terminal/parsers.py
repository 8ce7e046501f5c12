"""What reads the options of each command, for what tells of them: the documentation, and completion by a shell."""

from __future__ import annotations

from argparse import ArgumentParser
from importlib import import_module

from mser.cli import COMMANDS
from mser.errors import one_of


def parser_of(command: str) -> ArgumentParser:
    """Return the parser of a command.

    That of ``predict`` is the one of model folders; `mser.fitting.training_options.training_parser` has the other.

    Args:
        command: such as ``report``.

    Raises:
        UserError: if there is no such command.

    Example:
        >>> [action.dest for action in parser_of("demo-model")._actions]
        ['help', 'out']
    """
    if command not in COMMANDS:
        raise one_of("command", command, list(COMMANDS))
    module = {"predict": "mser.predict.predict_options"}.get(command, COMMANDS[command][0])
    if module == "mser.training":
        from mser.fitting.training_options import training_parser

        return training_parser(command)
    parser: ArgumentParser = import_module(module).command_parser()
    return parser
