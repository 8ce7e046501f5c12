"""What of a pretrained backbone is trained, and at what price in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from mser.errors import UserError

Tune = Literal["full", "frozen", "lora"] | int


def choose_trained(backbone: Any, tune: Tune, *, freeze_front: bool, lora_rank: int) -> None:
    """Leave gradients only to what `tune` names, in place.

    Args:
        backbone: has `blocks`, its layers, and `front`, what comes before them.
        tune: everything, nothing, so many of the last layers, or low-rank additions to all layers.
        freeze_front: of everything, leave out the front.
        lora_rank: of the additions.

    Raises:
        UserError: for no or more layers than there are, or LoRA without peft.
    """
    blocks: nn.ModuleList = backbone.blocks
    if tune == "full":
        for part in backbone.front if freeze_front else ():
            part.requires_grad_(False)
        return
    backbone.requires_grad_(False)
    if tune == "lora":
        _add_lora(backbone, lora_rank)
    elif isinstance(tune, int):
        if not 0 < tune <= len(blocks):
            raise UserError(
                f"tune: {tune} is no number of layers that this encoder has; give 1 to {len(blocks)}, full, frozen or "
                "lora"
            )
        for block in blocks[-tune:]:
            block.requires_grad_(True)


def recompute(blocks: nn.ModuleList) -> None:
    """Let each layer keep only its input for the backward pass and compute the rest again, in place.

    The outputs, the gradients and the random numbers drawn are the same. A layer is wrapped where hooks do not reach,
    so whoever listens to its input hears it once.
    """
    for block in blocks:
        block.forward = _recomputed(block.forward)


def layers_above(blocks: nn.ModuleList, parameters: list[nn.Parameter]) -> list[int]:
    """Return for each parameter how many layers lie above it; what is in no layer counts as beneath all of them.

    Example:
        >>> one, two, outside = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False), nn.Parameter(torch.ones(1))
        >>> layers_above(nn.ModuleList([one, two]), [outside, one.weight, two.weight])
        [2, 1, 0]
    """
    above = {
        parameter: len(blocks) - 1 - index for index, block in enumerate(blocks) for parameter in block.parameters()
    }
    return [above.get(parameter, len(blocks)) for parameter in parameters]


def _add_lora(backbone: Any, rank: int) -> None:
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise UserError("tune: lora needs peft, which is not installed; pip install 'multimodal-ser[lora]'") from error
    if rank < 1:
        raise UserError(f"lora_rank: {rank} leaves nothing to train; give 1 or more, 8 is usual")
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=_linear_layers(backbone))
    inject_adapter_in_model(config, backbone)


def _linear_layers(backbone: Any) -> list[str]:
    """Return the names of the linear layers within the blocks."""
    within = {module for block in backbone.blocks for module in block.modules()}
    return [name for name, module in backbone.named_modules() if module in within and type(module) is nn.Linear]


def _recomputed(forward: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(forward)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*args, **kwargs)
        return checkpoint(forward, *args, use_reentrant=False, **kwargs)

    return run
