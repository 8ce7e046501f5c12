"""WavLM's self-attention through PyTorch's fused kernels, and through its own layers, which LoRA then reaches."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class GatedAttention(nn.Module):
    """What transformers' ``WavLMAttention`` computes, from the same weights under the same names.

    The original hands its weights to a function of torch that also returns the mean of all attention maps; nothing
    added to its linear layers is ever called. Here they are called, and the position bias, gated by each query (Chen et
    al. 2022, WavLM, section III-B), goes into `scaled_dot_product_attention` as a mask.

    Args:
        attention: a ``WavLMAttention``, which should not be used any more.
    """

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.heads: int = attention.num_heads
        self.buckets: int = attention.num_buckets
        self.farthest: int = attention.max_distance
        self.dropout: float = attention.dropout
        self.q_proj: nn.Linear = attention.q_proj
        self.k_proj: nn.Linear = attention.k_proj
        self.v_proj: nn.Linear = attention.v_proj
        self.out_proj: nn.Linear = attention.out_proj
        self.gru_rel_pos_linear: nn.Linear = attention.gru_rel_pos_linear
        self.gru_rel_pos_const: nn.Parameter = attention.gru_rel_pos_const
        if hasattr(attention, "rel_attn_embed"):  # the first layer's, whose bias the others gate as well
            self.rel_attn_embed: nn.Embedding = attention.rel_attn_embed
        self.train(attention.training)

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        position_bias: Tensor | None = None,
        **_: Any,
    ) -> tuple[Tensor, None, Tensor]:
        """Return (B, T, D), no attention map, and the position bias (1, H, T, T) for the layers above.

        Args:
            hidden_states: (B, T, D).
            attention_mask: (B, T), true at real frames; None where all are.
            position_bias: what the first layer returned; None for the first layer.
        """
        if position_bias is None:
            position_bias = self._position_bias(hidden_states.shape[1])
        split = self._split(hidden_states)
        bias = self._gate(split) * position_bias
        if attention_mask is not None:
            bias = bias.masked_fill(~attention_mask.bool()[:, None, None, :], -math.inf)
        queries, keys, values = (self._split(layer(hidden_states)) for layer in (self.q_proj, self.k_proj, self.v_proj))
        dropout = self.dropout if self.training else 0.0
        attended = _attend(queries, keys, values, bias.to(queries.dtype), dropout)
        return self.out_proj(attended.transpose(1, 2).flatten(2)), None, position_bias

    def _split(self, states: Tensor) -> Tensor:
        """Return (B, H, T, D / H) of (B, T, D)."""
        return states.view(*states.shape[:2], self.heads, -1).transpose(1, 2)

    def _gate(self, split: Tensor) -> Tensor:
        """Return (B, H, T, 1), how much each query heeds positions, from (B, H, T, D / H)."""
        chances: Tensor = self.gru_rel_pos_linear(split)
        update, reset = chances.view(*chances.shape[:-1], 2, 4).sum(-1).sigmoid().chunk(2, -1)
        gate: Tensor = update * (reset * self.gru_rel_pos_const - 1.0) + 2.0
        return gate

    def _position_bias(self, frames: int) -> Tensor:
        """Return (1, H, T, T): near distances have a bucket each, far ones share buckets on a logarithmic scale."""
        steps = torch.arange(frames, device=self.rel_attn_embed.weight.device)
        distance = steps[None, :] - steps[:, None]
        half = self.buckets // 2
        exact = half // 2
        away = distance.abs()
        scale = (half - exact) / math.log(self.farthest / exact)
        far = exact + (torch.log(away.clamp(min=1).float() / exact) * scale).long()
        bucket = torch.where(away < exact, away, far.clamp(max=half - 1)) + (distance > 0) * half
        bias: Tensor = self.rel_attn_embed(bucket)
        return bias.permute(2, 0, 1).unsqueeze(0)


def _attend(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor, dropout: float) -> Tensor:
    """Return (B, H, T, D / H) of three of that shape and a bias (B, H, T, T)."""
    if bias.is_cpu and bias.requires_grad:  # for which torch has no fused kernel there: its plain one takes 1.5 as long
        scores = torch.baddbmm(
            bias.flatten(0, 1), queries.flatten(0, 1), keys.flatten(0, 1).mT, alpha=queries.shape[-1] ** -0.5
        )
        shares = functional.dropout(scores.softmax(-1), dropout)
        return torch.bmm(shares, values.flatten(0, 1)).view_as(queries)
    return functional.scaled_dot_product_attention(queries, keys, values, bias, dropout)


def gate_attention(model: Any) -> None:
    """Put `GatedAttention` in the place of the self-attention of all layers of a transformers WavLM."""
    for layer in model.encoder.layers:
        layer.attention = GatedAttention(layer.attention)
