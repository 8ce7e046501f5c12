"""Multimodal speech emotion recognition: what was said and how, judged honestly."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mser import corpora
    from mser.errors import UserError
    from mser.recognizer import EmotionRecognizer
    from mser.use.model import Model, load
    from mser.use.prediction import Prediction

__all__ = ["EmotionRecognizer", "Model", "Prediction", "UserError", "corpora", "load"]
__version__ = "0.1.0"

_HOMES = {
    "EmotionRecognizer": "mser.recognizer",
    "Model": "mser.use.model",
    "Prediction": "mser.use.prediction",
    "UserError": "mser.errors",
    "corpora": "mser.corpora",
    "load": "mser.use.model",
}


def __getattr__(name: str) -> Any:
    """Give a public name once it is asked for: most need torch, which importing mser must not wait for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mser' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    return home if _HOMES[name] == f"mser.{name}" else getattr(home, name)


def __dir__() -> list[str]:
    """Return what is public."""
    return list(__all__)
