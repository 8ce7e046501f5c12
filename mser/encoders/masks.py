"""Lengths become masks here, once."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def mask_of(lengths: Tensor, size: int | None = None) -> Tensor:
    """Return (B, T), true at the first `lengths` positions of each row.

    Args:
        lengths: (B,) integers.
        size: T; the longest length when None.

    Example:
        >>> mask_of(torch.tensor([2, 3]))
        tensor([[ True,  True, False],
                [ True,  True,  True]])
    """
    steps = torch.arange(int(lengths.max()) if size is None else size, device=lengths.device)
    return steps < lengths.unsqueeze(1)


def all_real(mask: Tensor) -> bool:
    """Return whether nothing is padding, so that attention may take its faster kernel, which knows no mask.

    Never so while a graph is exported: it has to serve batches of any lengths.
    """
    return not torch.compiler.is_exporting() and bool(mask.all())


def masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Return (B, D), the mean of (B, T, D) states over the true positions of (B, T), at least one per row."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def masked_group_norm(norm: nn.GroupNorm, states: Tensor, lengths: Tensor) -> Tensor:
    """Return (B, C, T) of which each row is normalised over its first `lengths` frames; any numbers behind them.

    Example:
        >>> norm, states = nn.GroupNorm(1, 2), torch.randn(1, 2, 9)
        >>> masked = masked_group_norm(norm, states, torch.tensor([5]))
        >>> torch.allclose(masked[..., :5], norm(states[..., :5]), atol=1e-5)
        True
    """
    grouped = states.view(states.shape[0], norm.num_groups, -1, states.shape[-1])
    real = mask_of(lengths, states.shape[-1])[:, None, None, :]
    count = (lengths * (norm.num_channels // norm.num_groups)).view(-1, 1, 1, 1)
    # Frames first, then channels: over millions of numbers at once a runtime's plain sum is off in the fourth digit.
    centred = grouped - (grouped * real).sum(3, keepdim=True).sum(2, keepdim=True) / count
    variance = (centred * real).square().sum(3, keepdim=True).sum(2, keepdim=True) / count
    normal: Tensor = (centred / (variance + norm.eps).sqrt()).flatten(1, 2)
    return normal * norm.weight.unsqueeze(1) + norm.bias.unsqueeze(1) if norm.affine else normal


def unit_variance(waveform: Tensor, lengths: Tensor) -> Tensor:
    """Return (B, T) with mean 0 and variance 1 over each clip's real samples, zeros behind them.

    It is what the checkpoints with ``do_normalize`` were trained on; taken over padding as well, a clip would change
    with its neighbours in the batch.
    """
    mask = mask_of(lengths, waveform.shape[1])
    count = lengths.unsqueeze(1)
    centred = (waveform - waveform.sum(1, keepdim=True) / count) * mask
    variance = centred.square().sum(1, keepdim=True) / count
    return centred / (variance + 1e-7).sqrt()
