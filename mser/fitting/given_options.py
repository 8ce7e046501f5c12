"""What a command line and its ``--config`` files ask for, option by option, before any parser is there. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

_OF_A_CLASS = ("class_path", "init_args", "dict_kwargs")
_CLASSES = ("data", "model.fusion", "model.objective", "model.optimizer")
"""Options that name a class, whose own options may be written without ``init_args``."""
_ENCODERS = ("model.speech", "model.text")
"""The same, but with a class of their own, so that ``init_args`` is seldom written."""


@dataclass(frozen=True)
class GivenOption:
    """One option as it was given.

    Attributes:
        name: with dots, such as ``data.init_args.root``.
        value: as YAML reads it.
        where: the file and the line; empty for the command line.
    """

    name: str
    value: object
    where: str = ""

    @property
    def as_given(self) -> str:
        """The option as a person finds it: on the command line with dashes, in a file with its line."""
        return f"{self.where}: {self.name}" if self.where else f"--{self.name}"


def given(argv: Sequence[str]) -> list[GivenOption]:
    """Return every option, in the order in which they count: a later one of a name is the one that is heeded.

    Args:
        argv: the options of a fit, with each ``--config FILE`` among them; the files can be read.

    Example:
        >>> [(one.name, one.value) for one in given(["--data", "IEMOCAP", "--data.fold=2"])]
        [('data', 'IEMOCAP'), ('data.init_args.fold', 2)]
    """
    options = []
    words = with_null(argv)
    while words:
        name, equals, value = words.pop(0).partition("=")
        if not name.startswith("--"):
            continue
        if not equals:
            if not words or words[0].startswith("--"):
                continue
            value = words.pop(0)
        if name == "--config":
            text = Path(value).read_text(encoding="utf-8")
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            options += list(_in_file(node, "", value)) if isinstance(node, yaml.MappingNode) else []
        else:
            options += list(_flat(_dotted(name.removeprefix("--").removesuffix("+")), _read(value)))
    return options


def with_null(argv: Sequence[str]) -> list[str]:
    """Return the options with null where they say None, as agents of Weights & Biases write it.

    Example:
        >>> with_null(["--model.head_lr=None", "--out=None of it"])
        ['--model.head_lr=null', '--out=None of it']
    """
    return [f"{word.removesuffix('None')}null" if word.endswith("=None") else word for word in argv]


def heeded(options: Sequence[GivenOption]) -> dict[str, GivenOption]:
    """Return of each name the last one; what a later null or another value takes away is gone."""
    heeded_options: dict[str, GivenOption] = {}
    for option in options:
        if option.name not in _CLASSES:
            heeded_options = {
                name: other for name, other in heeded_options.items() if not name.startswith(f"{option.name}.")
            }
        heeded_options[f"{option.name}.class_path" if option.name in _CLASSES else option.name] = option
    return heeded_options


def _dotted(name: str) -> str:
    """Return the one name of an option of a class, which may be written with and without ``init_args``."""
    for owner in _ENCODERS:
        name = name.replace(f"{owner}.init_args.", f"{owner}.", 1)
    for owner in _CLASSES:
        rest = name.removeprefix(f"{owner}.")
        if rest != name and rest.partition(".")[0] not in _OF_A_CLASS:
            return f"{owner}.init_args.{rest}"
    return name


def _read(value: str) -> object:
    try:
        return yaml.safe_load(value)
    except (yaml.YAMLError, ValueError):  # a text with signs of YAML in it
        return value


def _flat(name: str, value: object) -> Iterator[GivenOption]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(_dotted(f"{name}.{key}"), inner)
    else:
        yield GivenOption(name, value)


def _in_file(node: yaml.MappingNode, owner: str, path: str) -> Iterator[GivenOption]:
    """Yield the options of a file, each with its line."""
    for key, value in node.value:
        name = _dotted(f"{owner}{key.value}")
        if isinstance(value, yaml.MappingNode) and value.value:
            yield from _in_file(value, f"{name}.", path)
        else:
            yield GivenOption(name, _read(yaml.serialize(value)), f"{path}, line {key.start_mark.line + 1}")
