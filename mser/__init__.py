"""Multimodal speech emotion recognition: what was said and how, judged honestly."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mser.use.model import load as load

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Give ``mser.load`` once it is asked for: it needs torch, which importing mser must not wait for."""
    if name == "load":
        from mser.use.model import load

        return load
    raise AttributeError(f"module 'mser' has no attribute {name!r}")
