"""From a sequence of states to one vector per utterance."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from mser.encoders.masks import masked_mean
from mser.errors import one_of

PoolingKind = Literal["first", "last", "mean", "attention"]


class Pooling(nn.Module):
    """Summarises the real states of each utterance.

    Args:
        kind: ``first`` takes the first state (CLS; the paper's choice), ``last`` the last real one, ``mean`` the mean
            over real states, ``attention`` a learned weighted mean.
        width: D.

    Raises:
        UserError: for any other kind.
    """

    def __init__(self, kind: PoolingKind, width: int) -> None:
        super().__init__()
        if kind not in get_args(PoolingKind):  # from Python nothing else looks
            raise one_of("pooling", kind, list(get_args(PoolingKind)))
        self.kind = kind
        self.scores = nn.Linear(width, 1) if kind == "attention" else None

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return (B, D) from (B, T, D) states, true at real positions of the (B, T) mask."""
        if self.kind == "first":
            return states[:, 0]
        if self.kind == "last":
            place = (mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)).argmax(1)
            return states.gather(1, place[:, None, None].expand(-1, 1, states.shape[2])).squeeze(1)  # a graph of any B
        if self.scores is None:
            return masked_mean(states, mask)
        scores: Tensor = self.scores(states).squeeze(-1).float().masked_fill(~mask, -torch.inf)
        return (scores.softmax(-1).to(states.dtype).unsqueeze(1) @ states).squeeze(1)


def weighted_statistics(states: Tensor, scores: Tensor, mask: Tensor) -> Tensor:
    """Return (B, 2D): the mean of the real states and, behind it, their standard deviation, at least 0.003.

    Args:
        states: (B, T, D).
        scores: (B, T), whose softmax over the real states are the weights.
        mask: (B, T), true at real states.

    Example:
        >>> weighted_statistics(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.zeros(1, 3), torch.tensor([[1, 1, 0]]) > 0)
        tensor([[2., 1.]])
    """
    shares = scores.float().masked_fill(~mask, -torch.inf).softmax(-1).unsqueeze(-1)
    states = states.float().masked_fill(~mask.unsqueeze(-1), 0)
    mean = (shares * states).sum(1)
    spread = ((shares * states.square()).sum(1) - mean.square()).clamp(min=1e-5).sqrt()
    return torch.cat([mean, spread], dim=-1)


class LayerSum(nn.Module):
    """A learned convex combination of all layers' states (SUPERB's weighted sum).

    Args:
        layers: how many states there are, the embedding's included.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(layers))

    def forward(self, states: list[Tensor]) -> Tensor:
        """Return (B, T, D) from as many (B, T, D)."""
        shares = self.weights.softmax(0)
        return torch.stack([share * state for share, state in zip(shares, states, strict=True)]).sum(0)
