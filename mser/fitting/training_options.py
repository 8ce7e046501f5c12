"""The parsers of fit, validate, test and predict, for what tells of their options without using them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonargparse import ArgumentParser
from lightning.pytorch.cli import LightningArgumentParser

from mser.training import MserCLI, command_line


class _MadeParsers(Exception):  # noqa: N818  # no fault: all there is to know is known
    def __init__(self, parsers: Mapping[str, ArgumentParser]) -> None:
        self.parsers = parsers


class _ParsersAlone(MserCLI):
    """A command line that ends where it would read its options."""

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        raise _MadeParsers(self._subcommand_parsers)


def training_parser(command: str) -> ArgumentParser:
    """Return what reads the options of ``fit``, ``validate``, ``test`` or ``predict --config``."""
    try:
        command_line([command], run=True, kind=_ParsersAlone)
    except _MadeParsers as made:
        return made.parsers[command]
    raise AssertionError("parse_arguments was never called")
