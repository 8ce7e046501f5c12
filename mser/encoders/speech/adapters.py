"""Adapters of encoders that have some for each of many languages, as MMS has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from mser.errors import UserError, brief


def load_adapter(model: Any, name: str, language: str) -> None:
    """Put the adapters of a language into a wav2vec 2.0 model, in place.

    Args:
        model: a transformers Wav2Vec2Model.
        name: a Hugging Face id or local folder that holds ``adapter.LANGUAGE.safetensors``.
        language: such as ``fra``.

    Raises:
        UserError: if the model has no adapters, there are none for that language, or they do not fit.
    """
    slots = {key for key, _ in model.named_parameters() if ".adapter_layer." in key}
    if not slots:
        raise UserError(f"model.speech.adapter is {language}, but {name!r} has no adapters; leave it out")
    path = _file(name, f"adapter.{language}.safetensors")
    try:
        weights = {key.removeprefix("wav2vec2."): tensor for key, tensor in load_file(path).items()}
        weights = {key: tensor for key, tensor in weights.items() if key in slots}  # a head for CTC lies there as well
        if lacking := sorted(slots - set(weights)):
            raise UserError(f"{path} lacks {len(lacking)} weights of the adapters, such as {lacking[0]}; get it again")
        model.load_state_dict(weights, strict=False)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UserError(f"cannot read {path}: {brief(error)}; get it again") from error


def _file(name: str, path: str) -> Path:
    """Return where a file of an encoder is, here or in the hub's cache."""
    from transformers.utils import cached_file

    try:
        if weights := cached_file(name, path):
            return Path(weights)
    except (OSError, ValueError):
        pass
    there = sorted(one.name.split(".")[1] for one in Path(name).glob("adapter.*.safetensors"))
    have = (
        f"it has those for {', '.join(there[:20])}" if there else "see the files of its repository for those there are"
    )
    raise UserError(f"{name!r} has no {path}; {have}")
