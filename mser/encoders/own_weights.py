"""The encoders of a model folder, ``models/own/speech``: their settings lie there, their weights with all others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from mser.errors import UserError
from mser.use.settings import is_model_folder, read_settings


def own_weights(folder: Path) -> Path | None:
    """Return the file with the weights of an encoder's folder within a model folder; None for any other folder.

    Raises:
        UserError: if the model folder holds several models, or one for ONNX Runtime.
    """
    if not (folder / "config.json").is_file() or not is_model_folder(folder.resolve().parent):
        return None
    return only_weights(folder.resolve().parent)


def only_weights(folder: Path) -> Path:
    """Return the file with the weights of a model folder.

    Raises:
        UserError: if it holds several models, or one for ONNX Runtime.
    """
    settings = read_settings(folder)
    if settings.is_onnx:
        raise UserError(f"{folder} is for ONNX Runtime, which does not train; give the folder it was exported from")
    if len(settings.members) > 1:
        raise UserError(f"{folder} holds {len(settings.members)} models; give one of a single fold")
    return folder / settings.members[0].weights


def fill(backbone: nn.Module, weights: Path, side: Literal["speech", "text"]) -> None:
    """Put an encoder's weights into its backbone.

    Raises:
        UserError: if they are damaged or do not fit.
    """
    prefix = f"{side}.backbone."
    try:
        with safe_open(weights, "pt") as file:
            own = {key.removeprefix(prefix): file.get_tensor(key) for key in file.keys() if key.startswith(prefix)}
        if any(".lora_" in key for key in own):
            raise UserError(f"{weights} holds a {side} encoder with LoRA; start from the whole model by --from instead")
        backbone.load_state_dict(under_all_names(own, backbone))
    except (OSError, RuntimeError, SafetensorError) as error:
        message = " ".join(str(error).split())[:160]
        raise UserError(f"{weights} holds no such {side} encoder: {message}; export the model again") from error


def under_all_names(weights: Mapping[str, Tensor], module: nn.Module) -> dict[str, Tensor]:
    """Return weights under each name that they have in a module; a model folder holds what is shared under one."""
    here = module.state_dict(keep_vars=True)
    shared = {id(here[name]): weight for name, weight in weights.items() if name in here}
    return {**weights, **{name: shared[id(own)] for name, own in here.items() if id(own) in shared}}
