"""A model that is not trained again: its weights settled, in half precision, or laid out for the processor."""

from __future__ import annotations

from functools import wraps
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from mser.recognizer import EmotionRecognizer

OPERATORS = ("_reorder_linear_weight", "_linear_pointwise")
"""Of oneDNN, which `Packed` calls."""


def settle(model: nn.Module) -> None:
    """Put in their place, of all modules, the weights that they would compute anew for every answer.

    Those are the normed weights of positional convolutions, and what LoRA added, which is merged as peft does it: the
    model then costs what any other does. Its answers stay the same but for rounding.

    Args:
        model: in evaluation mode, not to be trained again.
    """
    for module in model.modules():
        if hasattr(module, "lora_A"):
            cast(Any, module).merge()
        if parametrize.is_parametrized(module):
            for name in list(cast(Any, module).parametrizations):
                parametrize.remove_parametrizations(module, name)


def halve(model: EmotionRecognizer) -> None:
    """Let a model compute in bfloat16 from now on, in place; norms and what follows the logits stay in float32.

    Probabilities change slightly, and no longer equal each other to 1e-4 alone and in a batch. Embeddings and
    norms keep their weights: the former are only looked up, the latter are computed in float32 anyway.

    Args:
        model: in evaluation mode and settled, not to be trained again.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv1d):
            module.to(torch.bfloat16)
    forward = model.forward

    @wraps(forward)
    def run(batch: Any) -> Tensor:
        with torch.autocast(batch.waveform.device.type, torch.bfloat16):
            return forward(batch)

    model.forward = run  # type: ignore[method-assign]


class Packed(nn.Linear):
    """A linear layer, not to be trained or moved again, that lays out its weights when it is first called."""

    def forward(self, states: Tensor) -> Tensor:
        """Return (..., out) of (..., in): what the layer would give, but for rounding."""
        weight: Tensor = self.weight
        if not weight.is_mkldnn:
            weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), None)
            self._buffers["weight"] = weight
            self._parameters.pop("weight", None)  # afterwards, so that other threads always find one of the two
        outputs: Tensor = torch.ops.mkldnn._linear_pointwise(states, weight, self.bias, "none", [], "")
        return outputs


def pack(model: nn.Module) -> None:
    """Let oneDNN compute a model's linear layers from now on, in place, where PyTorch was built with it.

    PyTorch itself asks MKL, with which a clip of a base-size model took a third longer (two cores of an AMD EPYC).

    Args:
        model: in float32 on the CPU and in evaluation mode.
    """
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    # PyTorch does not promise these: without them it computes the layers itself.
    if there and all(hasattr(torch.ops.mkldnn, name) for name in OPERATORS):
        for module in model.modules():
            if type(module) is nn.Linear:
                module.__class__ = Packed
