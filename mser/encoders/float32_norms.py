"""Norms under mixed precision."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def norms_in_float32(model: nn.Module) -> None:
    """Let all group and layer norms of a model compute in float32 under autocast, as they do on a GPU anyway.

    Example:
        >>> norm = nn.LayerNorm(4)
        >>> norms_in_float32(norm)
        >>> with torch.autocast("cpu", torch.bfloat16):
        ...     norm(torch.ones(2, 4, dtype=torch.bfloat16)).dtype
        torch.float32
    """
    for module in model.modules():
        if isinstance(module, nn.LayerNorm | nn.GroupNorm):
            module.register_forward_pre_hook(_widened)


def _widened(_: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    states, *rest = args
    return (states.float() if torch.is_autocast_enabled(states.device.type) else states, *rest)
