"""``mser completion``: prints a script for bash, zsh or fish."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mser.errors import UserError
from mser.terminal.command_parser import CommandParser

SHELLS = ("bash", "zsh", "fish")
_DESCRIPTION = """\
Print what lets a shell complete the commands of mser and their options, those of training too. It takes some seconds,
once: keep it in a file that the shell reads, such as

  bash: mser completion bash > ~/.local/share/bash-completion/completions/mser
  zsh:  mser completion zsh > ~/.zfunc/_mser    (with fpath+=~/.zfunc before compinit in ~/.zshrc)
  fish: mser completion fish > ~/.config/fish/completions/mser.fish"""


def main(argv: Sequence[str]) -> int:
    """Print the script and return 0.

    Raises:
        UserError: if the library that writes it is not installed.
    """
    args = command_parser().parse_args(argv)
    try:
        from mser.completion.shell_script import shell_script
    except ModuleNotFoundError as error:
        if error.name != "shtab":
            raise
        raise UserError(
            "completion needs shtab, which is not installed: pip install 'multimodal-ser[completion]'"
        ) from error
    print(shell_script(args.shell))
    return 0


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        prog="mser completion", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shell", choices=SHELLS, help="which shell reads it")
    return parser
