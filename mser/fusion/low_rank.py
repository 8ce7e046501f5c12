"""All products of what was said and how, in few numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mser.encoders.outputs import Encoded
from mser.errors import require
from mser.fusion.interface import Fusion
from mser.fusion.sides_there import widths_of_sides


class LowRank(Fusion):
    """Low-rank bilinear fusion: every number of speech times every number of text, through a tensor of low rank.

    A one stands behind each summary, so that the vector also holds what each side says alone, which is what is left
    where an utterance lacks a side. With one encoder it is a layer on its summary.
    Source: Liu et al. 2018, arXiv 1806.00064.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
        width: of the vector.
        rank: of the tensor.
        dropout: on the summaries.
    """

    reads_states = False

    def __init__(
        self, speech_width: int, text_width: int, *, width: int = 256, rank: int = 4, dropout: float = 0.1
    ) -> None:
        super().__init__()
        require("model.fusion.init_args.rank", rank, rank >= 1, "1 or more")
        self.width, self.rank = width, rank
        self.dropout = nn.Dropout(dropout)
        sides = widths_of_sides(speech_width, text_width, width=width, dropout=dropout)
        self.factors = nn.ModuleDict({side: nn.Linear(size, rank * width) for side, size in sides.items()})
        for factor in self.factors.values():
            nn.init.ones_(factor.bias)  # type: ignore[arg-type]  # a side begins as what it says alone
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, width)."""
        product: Tensor | None = None
        for name, side in (("speech", speech), ("text", text)):
            if side is not None:
                factor: Tensor = self.factors[name](self.dropout(side.summary)).unflatten(-1, (self.rank, self.width))
                product = factor if product is None else product * factor
        if product is None:
            raise ValueError("low-rank fusion needs speech or text")
        return product.mean(1) + self.bias
