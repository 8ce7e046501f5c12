"""What people's recordings and transcripts go through, by the names that ``--conditions`` takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

from mser.errors import UserError, one_of
from mser.everyday.changes import CHANGES
from mser.robustness.conditions import Condition, Kind

NAMES = (*CHANGES, "unpunctuated")


class Suite(NamedTuple):
    """What is asked together: word error rates, signal-to-noise ratios, and everyday conditions by name."""

    rates: Sequence[float]
    ratios: Sequence[float]
    names: Sequence[str]


SUITES = {
    "sides": Suite((0.1, 0.2, 0.4), (20.0, 10.0, 5.0, 0.0), ()),
    "everyday": Suite((), (20.0,), NAMES),
}
NO_SUITE = Suite((), (), ())


def everyday(names: Sequence[str], sides: Sequence[str]) -> list[Condition]:
    """Return the conditions of some names that can change what a model says.

    Args:
        names: each a kind, with a level behind ``=`` where it has one and another than the usual is wanted.
        sides: what the model has of ``speech`` and ``text``.

    Raises:
        UserError: if there is no such condition, its level makes no sense, or a package that it needs is not here.

    Example:
        >>> [one.folder for one in everyday(["trimmed", "room", "mp3=32", "unpunctuated"], ["speech"])]
        ['trimmed', 'room_0.3', 'room_0.6', 'mp3_32']
    """
    wanted = [condition for name in names for condition in _named(name)]
    absent = {
        condition.kind: CHANGES[condition.kind].needs
        for condition in wanted
        if condition.kind in CHANGES and not CHANGES[condition.kind].installed
    }
    if absent and "speech" in sides:
        kept = ",".join(name for name in NAMES if name not in absent)
        raise UserError(
            f"{' and '.join(absent)} are made by {' and '.join(dict.fromkeys(absent.values()))}, not installed here; "
            f"run pip install 'multimodal-ser[conditions]', or do without: --conditions {kept}"
        )
    return [condition for condition in wanted if ("text" if condition.of_text else "speech") in sides]


def heard_by(recogniser: str, sides: Sequence[str]) -> Condition:
    """Return the condition that transcripts are what a speech recogniser writes.

    Raises:
        UserError: for a model that reads nothing.
    """
    if "text" not in sides:
        raise UserError("--asr changes transcripts, but this run's models read none; leave it out")
    return Condition("asr", noise=Path(recogniser).name if Path(recogniser).is_dir() else recogniser)


def _named(name: str) -> list[Condition]:
    kind, given, level = name.partition("=")
    if kind not in NAMES:
        raise one_of("condition", kind, list(NAMES))
    change = CHANGES.get(kind)
    if not (change and change.usual):
        if given:
            raise UserError(f"--conditions holds {name}, but {kind} has no level; write {kind}")
        return [Condition(cast(Kind, kind))]
    levels = change.usual
    if given:
        least, most = change.limits
        try:
            levels = (float(level),)
        except ValueError:
            levels = (float("nan"),)
        if not least <= levels[0] <= most:
            raise UserError(
                f"--conditions holds {name}; expected {least:g} to {most:g} {change.unit}, "
                f"such as {kind}={change.usual[0]:g}"
            )
    return [Condition(cast(Kind, kind), one) for one in levels]
