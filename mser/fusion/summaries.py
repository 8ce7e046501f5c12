"""Fusions that look at the summaries alone, next to each other."""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn

from mser.encoders.outputs import Encoded
from mser.fusion.interface import Fusion


class Shallow(Fusion):
    """The paper's simple fusion: the summaries of both sides, text first, next to each other.

    With one side only it is that side's summary, so a unimodal model is the same model with an encoder less.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
    """

    reads_states = False

    def __init__(self, speech_width: int, text_width: int) -> None:
        super().__init__()
        self.width = speech_width + text_width

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, text_width + speech_width)."""
        return torch.cat([side.summary for side in (text, speech) if side is not None], dim=-1)


class Projection(Fusion):
    """A layer on the summaries: what published classifiers have between their mean and their last layer.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
        width: of the vector.
        activation: ``tanh``, or ``none``.
        dropout: on the summaries.
    """

    reads_states = False

    def __init__(
        self,
        speech_width: int,
        text_width: int,
        *,
        width: int = 256,
        activation: Literal["none", "tanh"] = "none",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.width = width
        self.dropout = nn.Dropout(dropout)
        self.layer = nn.Linear(speech_width + text_width, width)
        self.activation = nn.Tanh() if activation == "tanh" else nn.Identity()

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, width)."""
        summaries = torch.cat([side.summary for side in (text, speech) if side is not None], dim=-1)
        return cast(Tensor, self.activation(self.layer(self.dropout(summaries))))
