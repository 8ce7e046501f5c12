"""The parsers of fit, validate, test, predict and the classes that they name, for what only tells of options."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from jsonargparse import ArgumentParser
from lightning.pytorch.cli import LightningArgumentParser

from mser import fusion, objectives
from mser.data import datamodules
from mser.encoders.encoder import SpeechEncoder, TextEncoder
from mser.training import MserCLI, command_line

_GIVEN = {"params", "speech_width", "text_width", "label_names"}
"""What classes get from mser, not from options."""


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


def class_options() -> Iterator[tuple[type, ArgumentParser]]:
    """Yield each of mser's own classes that an option of a fit may name, and the parser of its options."""
    for owner, kinds in (
        ("data.init_args", _classes(datamodules)),
        ("model.speech", [SpeechEncoder]),
        ("model.text", [TextEncoder]),
        ("model.fusion.init_args", _classes(fusion, but=fusion.Fusion)),
        ("model.objective.init_args", _classes(objectives, but=objectives.Objective)),
    ):
        given = _GIVEN | ({"labels"} if owner.startswith("model.objective") else set())
        for kind in kinds:
            parser = ArgumentParser(exit_on_error=False, add_help=False)
            skipped = given & set(inspect.signature(kind).parameters)
            parser.add_class_arguments(kind, owner, skip=skipped, fail_untyped=False)
            yield kind, parser


def _classes(module: ModuleType, but: type | None = None) -> list[type]:
    """Return the classes of a module that an option may name, without the one that they have in common."""
    classes = [kind for _, kind in inspect.getmembers(module, inspect.isclass)]
    own = [kind for kind in classes if f"{kind.__module__}.".startswith(f"{module.__name__}.")]
    return [kind for kind in own if kind is not but and not kind.__name__.startswith("_")]
