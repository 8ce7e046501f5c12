"""Weights that are made of others, computed once and for all in a model that is not trained again."""

from __future__ import annotations

from typing import Any, cast

from torch import nn
from torch.nn.utils import parametrize


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
