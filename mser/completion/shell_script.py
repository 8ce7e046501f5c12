"""The script by which a shell completes mser: every command with its options, of training those of its classes too."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from copy import copy
from pathlib import Path

import shtab

from mser.cli import COMMANDS
from mser.fitting.training_options import class_options
from mser.terminal.parsers import parser_of

_FIT_TOO = ("crossval", "robustness")
"""Commands that hand on options to a fit."""
_LETTERS = 70  # of the help of an option, which stands on one line beside it
_FILES = ("FILE", "FOLDER", "ROOT", "RUN", "DIR", "MODEL", "TABLE", "OUT", "PATH", "CONFIG", "ANNOTATION", "PICTURE")


def shell_script(shell: str) -> str:
    """Return the script for a shell of shtab's.

    Args:
        shell: ``bash``, ``zsh`` or ``fish``.
    """
    fit = [*parser_of("fit")._actions, *(action for _, parser in class_options() for action in parser._actions)]
    root = argparse.ArgumentParser("mser")
    commands = root.add_subparsers(dest="command")
    for name, (_, what) in COMMANDS.items():
        child = commands.add_parser(name, help=what, add_help=False)
        more = fit if name == "fit" or name in _FIT_TOO else ()
        _fill(child, [*(parser_of(name)._actions if name != "fit" else ()), *more])
    script: str = shtab.complete(root, shell)
    return script


def _fill(parser: argparse.ArgumentParser, actions: Iterable[argparse.Action]) -> None:
    """Give a parser these options, each once, with what completes their values."""
    for action in actions:
        names = [name for name in action.option_strings if name not in parser._option_string_actions]
        if action.help == argparse.SUPPRESS or (action.option_strings and not names):
            continue
        if isinstance(action, argparse._SubParsersAction):
            _nest(parser, action)
            continue
        described = copy(action)
        described.option_strings = names
        described.help = _short(action.help or "")
        if action.type is Path or any(word in str(action.metavar or "") for word in _FILES):
            described.complete = shtab.FILE  # type: ignore[attr-defined]
        parser._add_action(described)


def _nest(parser: argparse.ArgumentParser, action: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    inner = parser.add_subparsers(dest=action.dest)
    helps = {choice.dest: choice.help for choice in action._choices_actions}
    for name, child in action.choices.items():
        _fill(inner.add_parser(name, help=helps.get(name), add_help=False), child._actions)


def _short(text: str) -> str:
    """Return the first words of a help; no sign in it means anything to a shell or to a format."""
    plain = " ".join(text.replace("%(default)s", "").split())
    plain = "".join(letter for letter in plain if letter.isalnum() or letter in " ,.;-")
    return plain if len(plain) <= _LETTERS else plain[:_LETTERS].rpartition(" ")[0]
