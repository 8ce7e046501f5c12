"""Tells encoders apart by what they compute, whatever they are called."""

from __future__ import annotations

import hashlib
import inspect
import json
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from mser import __version__

_VERSIONED = ("mser", "torch", "transformers", "peft")


def fingerprint(backbone: nn.Module) -> str:
    """Return 16 hexadecimal digits that change with anything that could change a state.

    That is the weights as they are, the settings, and the versions of the code that computes; names, folders, devices
    and what could be trained do not count. A backbone that reads through something that is no module says by
    ``fingerprint()`` what that is.

    Example:
        >>> from mser.encoders.encoder import TextEncoder
        >>> one, other = TextEncoder("tiny").backbone, TextEncoder("tiny").backbone
        >>> fingerprint(one) == fingerprint(other), fingerprint(other.requires_grad_(False)) == fingerprint(other)
        (False, True)
    """
    digest = hashlib.sha256(json.dumps(_settings(backbone), sort_keys=True, default=str).encode())
    for name, tensor in (*backbone.named_parameters(), *backbone.named_buffers()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def _settings(backbone: nn.Module) -> list[Any]:
    own = {
        name: value
        for name, value in vars(backbone).items()
        if isinstance(value, bool | int | float | str) and name != "training"
    }
    configs: dict[int, Any] = {id(part.config): part.config for part in backbone.modules() if hasattr(part, "config")}
    theirs = [config.to_dict() | {"_name_or_path": ""} for config in configs.values()]
    through = getattr(backbone, "fingerprint", str)()
    return [type(backbone).__name__, own, theirs, through, __version__, transformers.__version__, *_code(backbone)]


def _code(backbone: nn.Module) -> list[str]:
    """Return the digests of the files that write out classes of other packages: no version tells when those change."""
    kinds = [type(part) for part in backbone.modules() if type(part).__module__.partition(".")[0] not in _VERSIONED]
    files = sorted({inspect.getfile(kind) for kind in kinds})
    return [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files]
