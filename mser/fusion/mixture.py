"""Experts for what is there of an utterance."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mser.encoders.outputs import Encoded
from mser.fusion.interface import Fusion
from mser.fusion.sides_there import there, widths_of_sides

_SIDES = ("speech", "text")


class Mixture(Fusion):
    """A mixture of experts, one on each side alone and one on both; those that lack their side have no share.

    So an utterance without speech is told by the expert on text alone, which has learnt from that. Train it with
    ``data.init_args.augment.modality_dropout``. With one encoder there is one expert.
    Source: mixtures of Jacobs et al. 1991, "Adaptive mixtures of local experts".

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
        widths = widths_of_sides(speech_width, text_width, width=width, dropout=dropout)
        whole = sum(widths.values())
        experts = widths | ({"both": whole} if len(widths) > 1 else {})
        self.experts = nn.ModuleDict({name: nn.Linear(size, width) for name, size in experts.items()})
        self.gate = nn.Linear(whole, len(experts))

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, width)."""
        sides = {name: side for name, side in zip(_SIDES, (speech, text), strict=True) if side is not None}
        summaries = {name: self.dropout(side.summary) for name, side in sides.items()}
        given = {name: there(side) for name, side in sides.items()}
        whole = torch.cat(list(summaries.values()), dim=-1)
        if "both" in self.experts:
            summaries["both"], given["both"] = whole, given["speech"] & given["text"]
        known = torch.cat([given[name] for name in self.experts], dim=-1)
        scores: Tensor = self.gate(whole).float()
        shares = scores.masked_fill(~known & known.any(-1, keepdim=True), -torch.inf).softmax(-1).to(whole.dtype)
        told = torch.stack([torch.tanh(self.experts[name](summaries[name])) for name in self.experts], dim=1)
        return (shares.unsqueeze(-1) * told).sum(1)
