"""What one option of a search may be: the ``parameters`` of a sweep file, as values that Optuna can draw and keep."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from mser.errors import UserError

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.distributions import BaseDistribution

_KINDS = ("uniform", "log_uniform_values", "int_uniform")
Space = Mapping[str, Any]


def require_space(name: str, space: object, *, whole: bool = False) -> None:
    """Accept what a sweep file says of one option.

    Args:
        name: of the option.
        space: ``value``, ``values``, or ``min`` and ``max`` with a ``distribution``: ``uniform``,
            ``log_uniform_values`` or ``int_uniform``; what the ends are decides where none is named.
        whole: all of it is to be tried, as a grid does.

    Raises:
        UserError: for any other.
    """
    expected = f"expected values, or min and max with {', '.join(_KINDS)}"
    described = f"{name} is to be drawn from {dict(space) if isinstance(space, Mapping) else space}"
    if not isinstance(space, Mapping):
        raise UserError(f"{described}, {expected}")
    keys = set(space)
    if keys in ({"value"}, {"values"}):
        if keys == {"values"} and not (isinstance(space["values"], list) and space["values"]):
            raise UserError(f"{described}, {expected}")
        return
    ends = [space.get("min"), space.get("max")]
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
    if not numbers or keys - {"min", "max", "distribution"} or _kind(space) not in _KINDS:
        raise UserError(f"{described}, {expected}")
    low, high = float(space["min"]), float(space["max"])
    if low > high or (_kind(space) == "log_uniform_values" and low <= 0):
        raise UserError(f"{described}, expected min below max, and above 0 for log_uniform_values")
    if whole and choices(space) is None:
        raise UserError(f"{described}, but a grid tries every value; give values, or method: random or bayes")


def suggest(trial: Trial, name: str, space: Space, key: str | None = None) -> Any:
    """Return a value for one of the sweep file's parameters.

    Args:
        trial: chooses it.
        name: an option of `mser fit`.
        space: as `require_space` accepts it.
        key: what the trial calls the option, if not by its name.
    """
    require_space(name, space)
    key = key or name
    if "value" in space:
        return space["value"]
    if "values" in space:
        choice = trial.suggest_categorical(key, [as_kept(value, space) for value in _unique(space["values"])])
        return json.loads(str(choice)) if _encoded(space) else choice
    low, high = space["min"], space["max"]
    if _kind(space) == "int_uniform":
        return trial.suggest_int(key, int(low), int(high))
    return trial.suggest_float(key, low, high, log=_kind(space) == "log_uniform_values")


def distribution(space: Space) -> BaseDistribution:
    """Return what Optuna notes of an option; lists and mappings are drawn as JSON, for it keeps only plain values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if "values" in space:
        return CategoricalDistribution([as_kept(value, space) for value in _unique(space["values"])])
    if _kind(space) == "int_uniform":
        return IntDistribution(int(space["min"]), int(space["max"]))
    return FloatDistribution(space["min"], space["max"], log=_kind(space) == "log_uniform_values")


def as_kept(value: Any, space: Space) -> Any:
    """Return a value as Optuna keeps it."""
    return json.dumps(value, sort_keys=True) if _encoded(space) else value


def choices(space: Space) -> list[Any] | None:
    """Return all values of an option in their order, or None where there is no end of them.

    Example:
        >>> choices({"min": 1, "max": 3}), choices({"values": ["a", "b", "a"]}), choices({"min": 0.0, "max": 1.0})
        ([1, 2, 3], ['a', 'b'], None)
    """
    if "value" in space:
        return [space["value"]]
    if "values" in space:
        return _unique(space["values"])
    if _kind(space) == "int_uniform":
        return list(range(int(space["min"]), int(space["max"]) + 1))
    return [space["min"]] if space["min"] == space["max"] else None


def size(parameters: Mapping[str, Space]) -> int | None:
    """Return how many different settings there are, or None where there is no end of them."""
    counts = [choices(space) for space in parameters.values()]
    return None if any(count is None for count in counts) else prod(len(count or ()) for count in counts)


def grid(parameters: Mapping[str, Space]) -> Iterator[dict[str, Any]]:
    """Yield every setting of a finite space, the last option changing first."""
    for values in product(*(choices(space) or () for space in parameters.values())):
        yield dict(zip(parameters, values, strict=True))


def _kind(space: Space) -> str:
    whole = isinstance(space.get("min"), int) and isinstance(space.get("max"), int)
    return str(space.get("distribution", "int_uniform" if whole else "uniform"))


def _encoded(space: Space) -> bool:
    values = _unique(space.get("values", []))
    return any(isinstance(value, list | dict) for value in values) or len(set(values)) < len(values)


def _unique(values: list[Any]) -> list[Any]:
    """Return the values without repetitions; 1, 1.0 and true are the same to Python but not to an option."""
    return list({json.dumps(value, sort_keys=True): value for value in values}.values())
