"""The transformer layers of data2vec 2.0, with a linear bias over distances (ALiBi)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mser.encoders.emotion2vec.architecture import Emotion2vecSettings


class Attention(nn.Module):
    """Self-attention whose scores get a bias."""

    def __init__(self, settings: Emotion2vecSettings) -> None:
        super().__init__()
        self.heads, self.dropout = settings.heads, settings.attention_dropout
        self.qkv = nn.Linear(settings.width, 3 * settings.width)
        self.proj = nn.Linear(settings.width, settings.width)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        """Return (B, N, D) of states (B, N, D) and a bias (B or 1, H, N, N)."""
        queries, keys, values = self.qkv(states).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        attended = functional.scaled_dot_product_attention(queries, keys, values, bias.to(queries.dtype), dropout)
        mixed: Tensor = self.proj(attended.transpose(1, 2).flatten(2))
        return mixed


class Layer(nn.Module):
    """Attention and a feed-forward part over the frames and the extra tokens in front of them."""

    def __init__(self, settings: Emotion2vecSettings) -> None:
        super().__init__()
        width, within = settings.width, int(settings.width * settings.mlp_ratio)
        self.norm_first = settings.norm_first
        self.norm1 = nn.LayerNorm(width, eps=settings.norm_eps)
        self.norm2 = nn.LayerNorm(width, eps=settings.norm_eps)
        self.attn = Attention(settings)
        self.mlp = nn.Sequential()
        self.mlp.add_module("fc1", nn.Linear(width, within))
        self.mlp.add_module("act", nn.GELU())
        self.mlp.add_module("drop1", nn.Dropout(settings.activation_dropout))
        self.mlp.add_module("fc2", nn.Linear(within, width))
        self.mlp.add_module("drop2", nn.Dropout(settings.activation_dropout))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, frames: Tensor, extra: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return the frames (B, T, D) and the extra tokens (B, E, D) after this layer.

        Args:
            frames: (B, T, D).
            extra: (B, E, D), which stand in front of the frames.
            bias: (B or 1, H, E + T, E + T), -inf where nothing is to be heard.
        """
        states = torch.cat([extra, frames], dim=1)
        if self.norm_first:
            states = states + self.dropout(self.attn(self.norm1(states), bias))
            within = self.mlp(self.norm2(states))
            states = within + within  # data2vec 2.0 takes the residual behind its feed-forward part
        else:
            states = self.norm1(states + self.dropout(self.attn(states, bias)))
            states = self.norm2(states + self.mlp(states))
        return states[:, extra.shape[1] :], states[:, : extra.shape[1]]


def distance_bias(frames: int, heads: int, extra: int, device: torch.device) -> Tensor:
    """Return (1, H, E + T, E + T), minus the distance of two frames times the head's slope; 0 for extra tokens.

    Source: Press et al. 2022, ALiBi, symmetric here since both sides are heard.

    Example:
        >>> distance_bias(3, 8, 1, torch.device("cpu"))[0, 0].tolist()
        [[0.0, 0.0, 0.0, 0.0], [0.0, -0.0, -0.5, -1.0], [0.0, -0.5, -0.0, -0.5], [0.0, -1.0, -0.5, -0.0]]
    """
    steps = torch.arange(frames, device=device)
    distances = (steps[None, :] - steps[:, None]).abs()
    bias = -torch.tensor(slopes(heads), device=device)[:, None, None] * distances
    return functional.pad(bias, (extra, 0, extra, 0)).unsqueeze(0)


def slopes(heads: int) -> list[float]:
    """Return ALiBi's slope of each head; numbers that are no power of two take every other slope of the next one.

    Example:
        >>> slopes(2), slopes(3)
        ([0.0625, 0.00390625], [0.0625, 0.00390625, 0.25])
    """
    whole = 2 ** math.floor(math.log2(heads))
    of_power = [2 ** (-8 * (place + 1) / whole) for place in range(whole)]
    return of_power if whole == heads else of_power + slopes(2 * whole)[::2][: heads - whole]
