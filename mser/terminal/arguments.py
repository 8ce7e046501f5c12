"""What options of the command line are read as; see ``type`` of `argparse.ArgumentParser.add_argument`."""

from __future__ import annotations

from argparse import Action, ArgumentError, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from typing import Any


def positive(text: str) -> float:
    """Return a number above 0.

    Raises:
        ArgumentTypeError: if it is none.

    Example:
        >>> positive("2.5")
        2.5
        >>> positive("inf")
        Traceback (most recent call last):
        argparse.ArgumentTypeError: 'inf' is no number above 0
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def count(text: str) -> int:
    """Return a whole number above 0.

    Raises:
        ArgumentTypeError: if it is none.
    """
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def role_and_name(text: str) -> tuple[str, str]:
    """Return the role of a column and what the column is called.

    Raises:
        ArgumentTypeError: if there are not both.

    Example:
        >>> role_and_name("audio=file")
        ('audio', 'file')
    """
    role, equals, name = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"{text!r} is not of the form ROLE=NAME, such as audio=file")
    return role, name


class EachRoleOnce(Action):
    """Gathers ``--columns ROLE=NAME ...``, which may come again, but no role of it."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: str | Sequence[Any] | None,
        option: str | None = None,
    ) -> None:
        """Add what was given to what was given before."""
        roles = [*getattr(namespace, self.dest), *(values or ())]
        for number, (role, name) in enumerate(roles):
            for other, before in roles[:number]:
                if role == other:
                    raise ArgumentError(self, f"{role} is given twice, as {before} and as {name}; keep one of them")
        setattr(namespace, self.dest, roles)
