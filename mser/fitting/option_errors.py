"""What is wrong with an option that jsonargparse refuses, in our words: the option, its file, the nearest ones."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, get_type_hints

from jsonargparse import ArgumentParser

from mser.errors import UserError, near, one_line
from mser.fitting.given_options import GivenOption, given, heeded
from mser.plugins import is_own

_MODULES = {
    "data": "mser.data.datamodules",
    "model.speech": "mser.encoders.encoder",
    "model.text": "mser.encoders.encoder",
    "model.fusion": "mser.fusion",
    "model.objective": "mser.objectives",
    "model.optimizer": "torch.optim",
    "trainer.callbacks": "lightning.pytorch.callbacks",
    "trainer.logger": "lightning.pytorch.loggers",
}
"""Options that name a class, and where those are that need no path."""
_ITS_OWN = {"model.speech": "SpeechEncoder", "model.text": "TextEncoder"}
_FROM_MSER = ("params", "speech_width", "text_width", "label_names")
"""What such classes are given by others than the user."""
_WORDS = {"NoneType": "null", "bool": "true or false", "int": "a whole number", "float": "a number", "str": "a text",
          "tuple": "a list", "list": "a list", "dict": "a mapping"}  # fmt: skip
_NO_DATA = (
    "nothing says what is to be learnt from; give --config FILE, such as experiments/iemocap/shallow.yaml, or --data "
    "IEMOCAP --data.root FOLDER"
)


def explained(error: Exception, parser: ArgumentParser, argv: Sequence[str]) -> UserError:
    """Return what to tell of options that were refused.

    Args:
        error: what jsonargparse said.
        parser: that said it.
        argv: to it, with each ``--config FILE``.
    """
    options = given(argv)
    destinations = [action.dest for action in parser._actions if not action.dest.endswith("help")]
    for option in options:
        if fault := _fault(option, destinations, parser, heeded(options)):
            return UserError(fault)
    message = one_line(error)
    if "required: fit.data" in message or "required: data" in message:
        return UserError(_NO_DATA)
    if stray := re.fullmatch(r"unrecognized arguments: ((?!-)\S+).*", message):
        return UserError(f"{stray[1]} is no option, and belongs to none; options begin with --")
    return UserError(_within(message, options) or _value(message, options) or message)


def unmade(error: ValueError) -> UserError:
    """Return what to tell where a class could not be made of its options.

    Args:
        error: jsonargparse's, which wraps what the class has said.
    """
    if isinstance(error.__cause__, UserError):
        return error.__cause__
    if missing := _missing_module(error):
        message = f"an option asks for what is not installed: {missing}"
    else:
        message = f"an option cannot have this value: {error.__cause__ or error}"
    return UserError(" ".join(message.split()))


def _missing_module(error: BaseException | None) -> ModuleNotFoundError | None:
    """Return what lies behind jsonargparse's account of it, such as a logger whose package is not there."""
    while error is not None and not isinstance(error, ModuleNotFoundError):
        error = error.__cause__ or error.__context__
    return error


def _fault(
    option: GivenOption, known: list[str], parser: ArgumentParser, options: Mapping[str, GivenOption]
) -> str | None:
    """Return what is wrong with an option's name, or with the class that it names."""
    if option.name == "seed_everything" and type(option.value) is not int:  # Lightning would take true for any seed
        return f"{option.as_given} is {option.value!r}; expected a whole number"
    owner = max((name for name in _MODULES if f"{option.name}.".startswith(f"{name}.")), key=len, default=None)
    if owner and option.name in (owner, f"{owner}.class_path"):
        return _no_class(option, owner)
    if option.name in known:
        return None
    if any(name.startswith(f"{option.name}.") for name in known):
        return (
            f"{option.as_given} is {option.value!r}; expected options of its own, such as {_first(option.name, known)}"
        )
    if owner is None or owner not in known:
        return _unknown_at_all(option, known)
    kind = _class(_path(owner, parser, options), owner)
    prefix = f"{owner}." if owner in _ITS_OWN else f"{owner}.init_args."
    if kind is None or not option.name.startswith(prefix):
        return None
    return _unknown_within(option, prefix, kind)


def _unknown_at_all(option: GivenOption, known: list[str]) -> str:
    """Return what is wrong with an option that belongs to no class: its group is misspelled, or its name."""
    groups = list(dict.fromkeys(name.partition(".")[0] for name in known))
    first, dot, rest = option.name.partition(".")
    if dot and first not in groups and (group := near(first, groups)):
        return _unknown(option, [f"{group[0]}.{rest}"])
    own = [f"{owner}.{name}" for owner in _ITS_OWN for name in _parameters(_class(_ITS_OWN[owner], owner))]
    return _unknown(option, near(option.name, [*known, *own], 3))


def _unknown_within(option: GivenOption, prefix: str, kind: Callable[..., Any]) -> str | None:
    """Return what is wrong with an option of a class, or of a class among its options; None if there is such a one."""
    first, _, rest = option.name.removeprefix(prefix).partition(".")
    own = _parameters(kind)
    if first not in own:
        choices = [name for name in own if name not in _FROM_MSER]
        like = [f"{prefix}{name}" for name in near(first, choices, 3)]
        return _unknown(option, like, f"expected one of {', '.join(prefix + name for name in choices)}")
    inner = own[first]
    if rest and inspect.isclass(inner) and inner.__module__.startswith("mser."):
        return _unknown_within(option, f"{prefix}{first}.", inner)
    return None


def _unknown(option: GivenOption, like: Sequence[str], instead: str = "`mser fit --help` lists them all") -> str:
    dashes = "" if option.where else "--"
    meant = " or ".join(f"{dashes}{other}" for other in like[:3])
    return f"{option.as_given} is no option; " + (f"did you mean {meant}?" if like else instead)


def _no_class(option: GivenOption, owner: str) -> str | None:
    """Return what is wrong with the class that an option names; None if there is such a class."""
    if isinstance(option.value, bool | None) or not isinstance(option.value, str | int | float):
        return None
    if owner in _ITS_OWN and option.name == owner:
        return (
            f"{option.as_given} is {option.value!r}; expected options of its own, such as {owner}.name: {option.value}"
        )
    if _class(str(option.value), owner) is not None:
        return None
    module = import_module(_MODULES[owner])
    names = [name for name in dir(module) if inspect.isclass(getattr(module, name)) and not name.startswith("_")]
    own = [name for name in names if getattr(module, name).__module__.startswith(_MODULES[owner])]
    like = near(str(option.value).rpartition(".")[2], own, 3)
    there = f"one of {', '.join(own)}, or a whole path" if is_own(_MODULES[owner]) else "its whole path"
    hint = f"; did you mean {' or '.join(like)}?" if like else f"; expected {there}"
    return f"{option.as_given} is {option.value}, which is no class that can be imported{hint}"


def _path(owner: str, parser: ArgumentParser, options: Mapping[str, GivenOption]) -> str:
    """Return the class of an option: as given, its only one, or the default one."""
    for name in (f"{owner}.class_path", owner):
        if name in options and isinstance(options[name].value, str):
            return str(options[name].value)
    default = parser.get_default(owner)
    return _ITS_OWN.get(owner) or str(getattr(default, "class_path", default))


def _class(path: str, owner: str) -> Any:
    """Return what is named, by its path or as one of those that need none; None if there is no such thing."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module or _MODULES[owner]), name, None)
    except (ImportError, ValueError):
        return None


def _parameters(kind: Callable[..., Any]) -> dict[str, Any]:
    """Return the options of a class and their types, those of its bases too where it hands on the rest."""
    hints_by_name: dict[str, Any] = {}
    for base in inspect.getmro(kind) if inspect.isclass(kind) else (kind,):
        call = vars(base).get("__init__") if inspect.isclass(base) else base
        if call is None or base is object:
            continue
        parameters = inspect.signature(call).parameters
        hints = get_type_hints(call)
        plain = {
            name: parameter
            for name, parameter in parameters.items()
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        }
        hints_by_name |= {name: hints.get(name) for name in plain if name != "self" and name not in hints_by_name}
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            break
    return hints_by_name


def _within(message: str, options: Sequence[GivenOption]) -> str | None:
    """Return what is wrong with an option of a class in a list, such as a callback's."""
    match = re.search(r"given class_path '([\w.]+)': Option '(\w+)' is not accepted", message)
    kind = _class(match[1], "trainer.callbacks") if match else None
    if not match or kind is None:
        return None
    like = near(match[2], _parameters(kind), 3) or list(_parameters(kind))
    where = next(
        (f"{option.where}: " for option in reversed(options) if match[2] in str(option.value) and option.where), ""
    )
    return f"{where}{match[1]} has no option {match[2]}; did you mean {' or '.join(like)}?"


def _value(message: str, options: Sequence[GivenOption]) -> str | None:
    """Return which value of an option is not of its type."""
    keys = list(re.finditer(r'Parser key "([\w.]+)":', message))
    if not keys:
        return None
    name, tail = keys[-1][1], message[keys[-1].end() :].partition("Given value")[0].partition("Got value")[0]
    expected = list(dict.fromkeys(_expected(tail)))
    of_it = [option for option in options if f".{name}." in f".{option.name}."]
    if not of_it:
        return None
    within = f".{of_it[-1].name}".partition(f".{name}.")[2]  # where a mapping was given
    what = f"{of_it[-1].as_given.removesuffix(f'.{within}')} is {'a mapping' if within else repr(of_it[-1].value)}"
    return f"{what}; expected {' or '.join(expected) or 'another kind of value'}"


def _expected(message: str) -> Iterator[str]:
    for kind, choices in re.findall(r"Expected an? (?:<class '([\w.]+)'>|typing\.Literal\[([^\]]*)\])", message):
        yield _WORDS.get(kind, kind) if kind else choices.replace("'", "")
    for count in re.findall(r"Expected a tuple with (\d+) elements", message):
        yield f"a list of {count} values"


def _first(name: str, known: list[str]) -> str:
    return next(option for option in known if option.startswith(f"{name}."))
