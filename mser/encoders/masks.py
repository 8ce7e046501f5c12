"""Lengths become masks here, once."""

from __future__ import annotations

import torch
from torch import Tensor


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
