"""A gate between what was said and how."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mser.encoders.outputs import Encoded
from mser.fusion.interface import Fusion
from mser.fusion.sides_there import there, widths_of_sides


class Gated(Fusion):
    """For each number of the vector a share of speech and one of text, learnt from both: the gated multimodal unit.

    Where an utterance lacks a side the other one has the whole share. With one encoder it is a layer on its summary.
    Source: Arevalo et al. 2017, arXiv 1702.01992.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
        width: of the vector.
        dropout: on the summaries.
    """

    reads_states = False

    def __init__(self, speech_width: int, text_width: int, *, width: int = 256, dropout: float = 0.1) -> None:
        super().__init__()
        self.width = width
        self.dropout = nn.Dropout(dropout)
        sides = widths_of_sides(speech_width, text_width, width=width, dropout=dropout)
        self.layers = nn.ModuleDict({side: nn.Linear(size, width) for side, size in sides.items()})
        self.gate = nn.Linear(sum(sides.values()), width) if len(sides) > 1 else None

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, width)."""
        sides = {"speech": speech, "text": text}
        summaries = {name: self.dropout(side.summary) for name, side in sides.items() if side is not None}
        told = {name: torch.tanh(self.layers[name](summary)) for name, summary in summaries.items()}
        if self.gate is None or speech is None or text is None:
            return next(iter(told.values()))
        share = torch.sigmoid(self.gate(torch.cat(list(summaries.values()), dim=-1)))
        share = torch.where(there(text), share, torch.ones_like(share))
        share = torch.where(there(speech), share, torch.zeros_like(share))
        return share * told["speech"] + (1 - share) * told["text"]
