"""What reads the options of a command: a mistake is one line, which names the option or the choice that was meant."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from mser.errors import UserError, nearest

_UNKNOWN = "unrecognized arguments: "
_NO_CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)")


class CommandParser(ArgumentParser):
    """An `argparse.ArgumentParser` that tells a mistake as `mser` tells any other, without the usage before it.

    Example:
        >>> parser = CommandParser("mser report")
        >>> _ = parser.add_argument("--score")
        >>> parser.parse_args(["--scroe", "ua"])
        Traceback (most recent call last):
        mser.errors.UserError: mser report has no option --scroe; did you mean --score?
    """

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong.

        Raises:
            UserError: always.
        """
        if message.startswith(_UNKNOWN):
            word = message.removeprefix(_UNKNOWN).split()[0].partition("=")[0]
            options = {option.lstrip("-"): option for option in options_of(self)}
            name = word.lstrip("-")
            what = f"has no option {word}" if word.startswith("-") else f"takes nothing more, but {word!r} was given"
            raise UserError(f"{self.prog} {what}; {self._meant(name, options)}")
        if match := _NO_CHOICE.search(message):
            choices = [choice.strip("'") for choice in match[2].split(", ")]
            raise UserError(f"{self.prog}: {message}; {self._meant(match[1], {name: name for name in choices})}")
        raise UserError(f"{self.prog}: {message}; see {self.prog} --help")

    def _meant(self, word: str, choices: Mapping[str, str]) -> str:
        meant = nearest(word, choices)
        return f"did you mean {choices[meant]}?" if meant else f"see {self.prog} --help"


def options_of(parser: ArgumentParser) -> Iterator[str]:
    """Yield the options of a parser and of the parsers of its own commands, such as ``--out``."""
    for action in parser._actions:
        yield from action.option_strings
        inner: dict[str, Any] = action.choices if isinstance(action.choices, dict) else {}
        for child in inner.values():
            yield from options_of(child)
