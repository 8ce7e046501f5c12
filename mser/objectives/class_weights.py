"""How much each class counts where some are rare."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Weighing = Literal["none", "balanced", "effective"]


def class_weights(counts: Tensor, how: Weighing, beta: float = 0.999) -> Tensor:
    """Return (C,) weights whose mean over the training utterances is 1, so that the learning rate keeps its meaning.

    Args:
        counts: (C,) utterances of each class in the training fold; shares of votes count as parts of one.
        how: ``balanced`` by the inverse of a class's share; ``effective`` by the inverse of its effective number,
            (1 - beta^n) / (1 - beta), of which a large class has less than it has utterances (Cui et al. 2019, arXiv
            1901.05555); ``none`` by nothing.
        beta: of the effective number: 0 is no weights, near 1 the inverse of the share.

    Example:
        >>> import torch
        >>> class_weights(torch.tensor([3.0, 1.0]), "balanced")
        tensor([0.6667, 2.0000])
        >>> class_weights(torch.tensor([3.0, 1.0]), "effective", 0.5)
        tensor([0.8421, 1.4737])
    """
    counts = counts.float().clamp(min=1e-6)
    if how == "none":
        return counts.new_ones(len(counts))
    numbers = counts if how == "balanced" else (1 - beta**counts) / (1 - beta)
    weights = 1 / numbers
    mean: Tensor = (weights * counts).sum() / counts.sum()
    return weights / mean
