"""Every state of one side asks the other side, layer by layer."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mser.encoders.masks import masked_mean
from mser.encoders.outputs import Encoded
from mser.errors import require
from mser.fusion.interface import Fusion
from mser.fusion.sides_there import there


class CrossAttention(Fusion):
    """Transformer layers in which each side's whole sequence asks the other's, with norms and feed-forward; then means.

    `CoAttention`, the paper's, asks with one summary and has neither norm nor feed-forward. Where an utterance lacks a
    side, nothing is heard of it and its half of the vector is zero. Source: Tsai et al. 2019, arXiv 1906.00295, with
    norms first.

    Args:
        speech_width: width of the speech encoder.
        text_width: width of the text encoder.
        width: of each side within; the vector has twice as much.
        heads: attention heads; divides the width.
        layers: how often each side asks.
        dropout: on answers and within the feed-forward layers.
    """

    def __init__(
        self,
        speech_width: int,
        text_width: int,
        *,
        width: int = 256,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if not speech_width or not text_width:
            raise ValueError("cross-attention needs a speech and a text encoder; use Shallow with one encoder")
        for name, number in (("width", width), ("heads", heads), ("layers", layers)):
            require(f"model.fusion.init_args.{name}", number, number >= 1, "1 or more")
        require("model.fusion.init_args.dropout", dropout, 0 <= dropout < 1, "a share from 0 to below 1")
        if width % heads:
            raise ValueError(f"{heads} heads do not divide the width {width}")
        self.width = 2 * width
        self.inputs = nn.ModuleDict({"speech": nn.Linear(speech_width, width), "text": nn.Linear(text_width, width)})
        self.norms = nn.ModuleDict({side: nn.LayerNorm(width) for side in self.inputs})
        self.layers = nn.ModuleDict(
            {side: nn.ModuleList(_Asking(width, heads, dropout) for _ in range(layers)) for side in self.inputs}
        )

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, 2 width), text first."""
        if speech is None or text is None:
            raise ValueError("cross-attention needs speech and text")
        sides = {"speech": speech, "text": text}
        # Behind an utterance lies what is no number of its own, and must not become one by way of 0 times NaN.
        states = {
            name: self.inputs[name](side.states.masked_fill(~side.mask.unsqueeze(-1), 0))
            for name, side in sides.items()
        }
        for heard, read in zip(*(cast(nn.ModuleList, self.layers[name]) for name in sides), strict=True):
            states = {
                "speech": heard(states["speech"], states["text"], text),
                "text": read(states["text"], states["speech"], speech),
            }
        means = {name: masked_mean(self.norms[name](states[name]), side.mask) for name, side in sides.items()}
        return torch.cat([means[name].masked_fill(~there(sides[name]), 0) for name in ("text", "speech")], dim=-1)


class _Asking(nn.Module):
    """One layer: norm, attention to the other side, norm, feed-forward; each added to what it was given."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.own, self.other, self.middle = (nn.LayerNorm(width) for _ in range(3))
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.forward_layers = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, own: Tensor, other: Tensor, asked: Encoded) -> Tensor:
        """Return (B, T, width) of one side, which has asked the (B, S, width) of the other."""
        keys = self.other(other)
        answer, _ = self.attention(self.own(own), keys, keys, key_padding_mask=~asked.mask, need_weights=False)
        own = own + self.dropout(answer).masked_fill(~there(asked).unsqueeze(-1), 0)
        return cast(Tensor, own + self.dropout(self.forward_layers(self.middle(own))))
