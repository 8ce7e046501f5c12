"""What this package is called where packages are installed from, and who else bears its import name."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

NAME = "multimodal-ser"
"""Of the distribution; ``mser`` on PyPI is a stranger's."""


def stranger() -> str:
    """Return a line about the other toolkit with our import name where it is installed too, else an empty one.

    Example:
        >>> stranger()
        ''
    """
    try:
        installed = version("mser")
    except PackageNotFoundError:
        return ""
    return (
        f"mser {installed}, another package with the same import name, is installed here too and writes over this one; "
        f"run pip uninstall mser, then pip install --force-reinstall --no-deps {NAME}"
    )
