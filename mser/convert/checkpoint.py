"""Reads fairseq checkpoints as what they are: pickles from strangers. Nothing in them is ever run."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import torch
from torch import Tensor

from mser.errors import UserError


class _Ignored:
    """Stands in for what a checkpoint carries and nobody needs: takes everything, keeps nothing."""

    def __new__(cls, *_: object, **__: object) -> _Ignored:
        return super().__new__(cls)

    def __setstate__(self, _: object) -> None:
        return None


METERS = ("AverageMeter", "TimeMeter", "StopwatchMeter", "MetersDict")
IGNORED = [(_Ignored, f"{home}.{name}") for home in ("fairseq.meters", "fairseq.logging.meters") for name in METERS]
# What else torch's own reader of weights refuses and such files may hold: a validation loss can be a numpy number.
IGNORED += [(_Ignored, f"{home}.multiarray.scalar") for home in ("numpy.core", "numpy._core")]
IGNORED += [(_Ignored, "numpy.dtype")]


@dataclass(frozen=True)
class Checkpoint:
    """What is used of a fairseq checkpoint.

    Attributes:
        path: where it was read.
        settings: the training command's options, by name.
        weights: tensors on the CPU, in float32, by name.
    """

    path: Path
    settings: Mapping[str, Any]
    weights: Mapping[str, Tensor]


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Return the settings and weights of a fairseq checkpoint, in the old or the new (zip) file format.

    The file is read by torch's restricted unpickler, which builds tensors and plain containers only; of fairseq's own
    classes the meters are replaced by stand-ins that do nothing, and every other global is refused by its name.

    Raises:
        UserError: if the file is missing, damaged, refers to a foreign global, or is no fairseq checkpoint.
    """
    path = Path(path)
    content = _unpickle(path)
    if not isinstance(content, dict):
        raise _not_fairseq(path, f"holds a {type(content).__name__}")
    # The second names are those of the repackaged releases that circulate.
    settings = content.get("args", content.get("model_cfg"))
    weights = content.get("model", content.get("model_weight"))
    if not isinstance(settings, dict | argparse.Namespace) or not _are_weights(weights):
        raise _not_fairseq(path, f"has {', '.join(map(repr, list(content)[:6])) or 'nothing'}")
    named = settings if isinstance(settings, dict) else vars(settings)
    return Checkpoint(path, named, {name: tensor.detach().float() for name, tensor in weights.items()})


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the weights of a torch checkpoint, on the CPU and in float32, whatever wraps them; nothing in it is run.

    Raises:
        UserError: if the file is missing, damaged, refers to a foreign global, or holds no weights.
    """
    path = Path(path)
    content = _unpickle(path)
    for name in ("model", "state_dict", "model_state_dict"):
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    if not _are_weights(content):
        raise UserError(
            f"{str(path)!r} holds no weights: expected tensors by name, or such under 'model'; check the file"
        )
    return {name: tensor.detach().float() for name, tensor in content.items()}


def _unpickle(path: Path) -> object:
    if not path.is_file():
        raise UserError(f"no checkpoint at {str(path)!r}: expected a .pt file; check the path")
    try:
        with torch.serialization.safe_globals([argparse.Namespace, *IGNORED]):
            return torch.load(path, map_location="cpu", weights_only=True)
    # A damaged or hostile pickle can fail in any way; what it can not do is run code.
    except Exception as error:
        foreign = re.search(r"GLOBAL (\S+)", str(error))
        if foreign:
            raise UserError(
                f"{str(path)!r} refers to {foreign[1]}, which no fairseq checkpoint needs and which may run code when "
                "read; it was not read: take the file from its publisher"
            ) from error
        raise UserError(
            f"{str(path)!r} ({path.stat().st_size} bytes) cannot be read as a torch checkpoint: it is truncated or "
            "something else; copy or download it again"
        ) from error


def _are_weights(weights: object) -> TypeGuard[dict[str, Tensor]]:
    return isinstance(weights, dict) and bool(weights) and all(isinstance(w, Tensor) for w in weights.values())


def _not_fairseq(path: Path, problem: str) -> UserError:
    return UserError(
        f"{str(path)!r} is no fairseq checkpoint: it {problem} where 'args' and 'model' were expected; "
        "give the .pt file as fairseq released it"
    )
