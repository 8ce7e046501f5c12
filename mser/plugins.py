"""Classes of other packages, by name: imported because a user named them, never because a folder does. No torch."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from pkgutil import resolve_name
from typing import Any

from mser.errors import UserError

_LIBRARIES = ("mser", "torch", "lightning", "pytorch_lightning", "torchmetrics")
_IMPORTED = ("class_path", "fusion", "objective", "optimizer", "callbacks", "logger", "plugins", "profiler", "strategy")
"""Options that may name what is imported."""
_INSTALL = "install its package, or put the package's folder on PYTHONPATH"


def imported(path: str) -> Any:
    """Return what a user has named, such as ``mypackage.corpus.CORPUS``.

    Raises:
        UserError: if there is nothing of that name.
    """
    try:
        return resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"cannot import {path}: {error}; {_INSTALL}") from error


def is_own(path: str) -> bool:
    """Return whether a class path is one of ours.

    Example:
        >>> is_own("mser.fusion.Shallow"), is_own("mser_more.Sum")
        (True, False)
    """
    return path.partition(".")[0] == "mser"


def add_option(parser: ArgumentParser) -> None:
    """Add ``--plugin``, by which a user allows what a folder names."""
    parser.add_argument("--plugin", action="append", default=[], metavar="PACKAGE", help="let the folder use classes "
                        "of this package, which runs its code; may come again")  # fmt: skip


def require_allowed(path: str, plugins: Collection[str], where: object) -> None:
    """Refuse what a folder names unless the user allows its module, or a package that it is in.

    Args:
        path: of a class, such as ``mypackage.fusion.Sum``.
        plugins: modules and packages that the user allows.
        where: what names the class, for the message.

    Raises:
        UserError: if it is not allowed.

    Example:
        >>> require_allowed("mypackage.fusion.Sum", ["mypackage"], "models/own")
        >>> require_allowed("mypackage2.Sum", ["mypackage"], "models/own")
        Traceback (most recent call last):
        mser.errors.UserError: models/own needs mypackage2.Sum, code of another package; if you trust it, allow it by \
--plugin mypackage2 (plugins=["mypackage2"])
    """
    module = path.rpartition(".")[0]
    if "__" in path or not any(module == name or module.startswith(f"{name}.") for name in plugins):
        package = path.partition(".")[0]
        raise UserError(
            f"{where} needs {path}, code of another package; if you trust it, allow it by --plugin {package} "
            f'(plugins=["{package}"])'
        )


def require_config_allowed(config: Any, plugins: Collection[str], where: object) -> None:
    """Refuse a configuration that a folder holds if it names a class that is neither ours, the libraries', nor allowed.

    Raises:
        UserError: for such a class.
    """
    for path in _class_paths(config):
        if path.partition(".")[0] not in _LIBRARIES:
            require_allowed(path, plugins, where)


def _class_paths(config: Any) -> Iterator[str]:
    """Yield whatever a parser may import."""
    if isinstance(config, Mapping):
        for name, value in config.items():
            if isinstance(value, str) and "." in value and name in _IMPORTED:
                yield value
            yield from _class_paths(value)
    elif isinstance(config, list):
        for value in config:
            yield from _class_paths({"class_path": value} if isinstance(value, str) else value)


def allowed_class(path: str, kind: type, plugins: Collection[str], where: object) -> Any:
    """Return a class that a folder names and the user allows; nothing else is imported.

    Args:
        path: of the class.
        kind: what it has to be a subclass of.
        plugins: modules and packages that the user allows.
        where: what names the class, for messages.

    Raises:
        UserError: if it is not allowed, is not there, or is another kind of thing.
    """
    require_allowed(path, plugins, where)
    module, _, name = path.rpartition(".")
    try:
        value = vars(import_module(module)).get(name)
    except ImportError as error:
        raise UserError(f"{where} needs {path}, which cannot be imported: {error}; {_INSTALL}") from error
    if not (isinstance(value, type) and issubclass(value, kind)):
        raise UserError(f"{where} needs {path}, which is no {kind.__name__.lower()}; install the right version of it")
    return value
