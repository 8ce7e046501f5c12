"""A checkpoint in transformers' layout as it lies on the disk or the hub: settings, weights, what its card says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from mser.errors import UserError, brief
from mser.files.json_fields import read_object

_AGAIN = "copy the whole folder again"
_SAFE, _PICKLED = "model.safetensors", "pytorch_model.bin"
_FILES = ("config.json", "preprocessor_config.json", "README.md", f"{_SAFE}*", "model-*.safetensors")


@dataclass(frozen=True)
class Published:
    """What was published.

    Attributes:
        name: as the user gave it.
        folder: where it lies.
        config: its ``config.json``.
        weights: tensors on the CPU by name, in float32.
        datasets: what its card says that it was trained on.
    """

    name: str
    folder: Path
    config: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    datasets: tuple[str, ...]

    def under(self, prefix: str) -> dict[str, Tensor]:
        """Return the weights whose names begin so, without that beginning."""
        return {name[len(prefix) :]: weight for name, weight in self.weights.items() if name.startswith(prefix)}


def read_published(name: str) -> Published:
    """Return a checkpoint; code that lies beside it is never run, and pickles are read by a restricted unpickler.

    Args:
        name: a folder, or a Hugging Face id.

    Raises:
        UserError: if there is no such checkpoint, or it is damaged.
    """
    folder = _folder(name)
    config = read_object(folder / "config.json", "give a Hugging Face id or the folder of a model of transformers")
    return Published(name, folder, config, _weights(folder), _datasets(folder / "README.md"))


def _folder(name: str) -> Path:
    if Path(name).exists() or not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        if not Path(name).is_dir():
            raise UserError(f"{name} is no folder here and no Hugging Face id such as someone/their-model")
        return Path(name)
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name, allow_patterns=list(_FILES)))
        if not any(folder.glob("*.safetensors")):
            folder = Path(snapshot_download(name, allow_patterns=[*_FILES, f"{_PICKLED}*", "pytorch_model-*.bin"]))
    except Exception as error:  # besides its own errors, the client lets those of several libraries through
        raise UserError(
            f"{name} is neither a folder here nor could it be had from the Hugging Face hub ({brief(error)}); check "
            "the name, or give a folder"
        ) from error
    return folder


def _weights(folder: Path) -> dict[str, Tensor]:
    """Return what is in the folder's one file of weights, or in several that an index names."""
    for whole in (_SAFE, _PICKLED):
        index = folder / f"{whole}.index.json"
        if (folder / whole).is_file():
            files = [whole]
        elif index.is_file():
            named = read_object(index, _AGAIN).get("weight_map")
            files = sorted({str(file) for file in named.values()}) if isinstance(named, dict) else []
        else:
            continue
        return {name: weight for file in files for name, weight in _read(folder, file).items()}
    raise UserError(f"{folder} has neither {_SAFE} nor {_PICKLED}, so there are no weights to convert")


def _read(folder: Path, file: str) -> dict[str, Tensor]:
    if Path(file).name != file:
        raise UserError(f"{folder} names weights {file!r}, which lie elsewhere; {_AGAIN}")
    try:
        weights = (
            load_file(folder / file)
            if file.endswith(".safetensors")
            else torch.load(folder / file, map_location="cpu", weights_only=True)
        )
        return {str(name): weight.float() for name, weight in weights.items() if weight.is_floating_point()}
    except (OSError, SafetensorError) as error:
        raise UserError(f"cannot read {folder / file}: {brief(error)}; {_AGAIN}") from error
    except Exception as error:  # of a damaged or unsafe file torch says so in many ways
        raise UserError(f"{folder / file} holds no weights that can be read safely: {brief(error)}") from error


def _datasets(card: Path) -> tuple[str, ...]:
    """Return the ``datasets`` of a model card's head; nothing where there is no card or it says nothing of them."""
    import yaml

    try:
        _, head, _ = card.read_text(encoding="utf-8").split("---", 2)
        named = yaml.safe_load(head)["datasets"]
        return (named,) if isinstance(named, str) else tuple(map(str, named or ()))
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return ()
