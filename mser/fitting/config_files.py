"""The files that ``--config`` names, read once before the parser does: what is wrong is said with the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from mser.errors import UserError


def require_readable(argv: Sequence[str]) -> None:
    """Accept the configuration files of a command line.

    Args:
        argv: the command's options.

    Raises:
        UserError: if one is not there, is no YAML in UTF-8, is nested too deeply, gives a key twice, or writes a
            number as YAML reads none.
    """
    for number, option in enumerate(argv):
        name, equals, value = option.partition("=")
        if name == "--config" and (equals or number + 1 < len(argv)):
            _require_yaml(Path(value if equals else argv[number + 1]))


def _require_yaml(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise UserError(f"{path} holds no options: it is empty; give another file, or leave --config out")
        if not isinstance(node, yaml.MappingNode):
            raise UserError(f"{path} holds no options by name, such as trainer: {{max_epochs: 3}}; give another file")
        for key in _twice(node):
            raise UserError(
                f"{path}, line {key.start_mark.line + 1}: {key.value} is given twice, of which one would be ignored; "
                "keep one of them"
            )
        for number in _misread(node):
            raise UserError(
                f"{path}, line {number.start_mark.line + 1}: YAML reads {number.value} as "
                f"{yaml.safe_load(number.value)}; write the number that is meant, without a 0 in front or a colon"
            )
    except OSError as error:
        raise UserError(f"cannot read the configuration {path}: {error.strerror}; check --config") from error
    except ValueError as error:  # of UTF-16, or of a sign that is none
        raise UserError(f"{path} is no YAML file in UTF-8 ({error}); save it as UTF-8") from error
    except yaml.YAMLError as error:
        message = " ".join(str(error).split()).replace('"<unicode string>"', str(path))
        raise UserError(f"{path} is no YAML: {message}; mend the file") from error
    except RecursionError as error:
        raise UserError(f"{path} is nested too deeply, or within itself; mend the file") from error


def _twice(node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the keys of a file that come a second time in their mapping."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value != "<<" and str(key.value) in seen:
                yield key
            seen.add(str(key.value))
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)


def _misread(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Yield the numbers that YAML takes to the base of eight (010) or sixty (1:30), which nobody means."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag == "tag:yaml.org,2002:int" and not node.style and re.match(r"[-+]?0[0-9_]|.*:", node.value):
            yield node
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _misread(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _misread(value)
