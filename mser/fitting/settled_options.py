"""Options that follow from others where nobody gives them, settled so that ``config.yaml`` states them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mser.encoders.listening import meant_before
from mser.fitting.given_options import GivenOption, given, heeded

ENOUGH_UPDATES = 500
"""What a head on frozen encoders gets at least: 339 clips of EmoDB come to 110 in fifteen epochs, and to 27 UA."""
_HEAD_ALONE = {"checkpoint.latest": "true", "model.dropout": "0.3"}
"""With these it comes within a point of a logistic regression whose penalty is chosen on the same validation part."""
_LENGTHS = ("trainer.max_epochs", "trainer.max_steps", "trainer.max_time", "learning.least_updates")
_STATED = ("layer_sum", "lora_rank", "layer_decay", "checkpointing")


def settled(argv: Sequence[str]) -> list[str]:
    """Return the options of a fit with those that follow from them.

    A configuration that a fit wrote before frozen encoders could be asked for a layer means the last one, as it is.
    Where nothing is trained but a head and nobody says for how long, there are updates enough.

    Args:
        argv: the options, with each ``--config FILE`` among them; the files can be read.

    Example:
        >>> settled(["fit", "--model.speech.tune=frozen"])[2:]
        ['--learning.least_updates=500', '--checkpoint.latest=true', '--model.dropout=0.3']
    """
    asked = heeded(given(argv))
    sides = [side for side in ("speech", "text") if any(name.startswith(f"model.{side}.") for name in asked)]
    frozen = [side for side in sides if _value(asked, f"model.{side}.tune") == "frozen"]
    more = []
    for side in frozen:
        if _written_before(asked, side):
            options = meant_before({"layer_sum": _value(asked, f"model.{side}.layer_sum")})
            more += [f"--model.{side}.{name}={str(value).lower()}" for name, value in options.items()]
    if frozen and frozen == sides and not any(name in asked for name in _LENGTHS):
        more.append(f"--learning.least_updates={ENOUGH_UPDATES}")
        more += [f"--{name}={value}" for name, value in _HEAD_ALONE.items() if name not in asked]
    return [*argv, *more]


def _written_before(asked: Mapping[str, GivenOption], side: str) -> bool:
    """Return whether a file states all of an encoder's options but those that came later."""
    stated = [asked.get(f"model.{side}.{name}") for name in _STATED]
    later = [f"model.{side}.{name}" for name in ("layer", "standardise")]
    return all(option and option.where for option in stated) and not any(name in asked for name in later)


def _value(asked: Mapping[str, GivenOption], name: str) -> object:
    return asked[name].value if name in asked else None
