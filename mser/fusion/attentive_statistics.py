"""Mean and spread of the states, weighted by attention."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from mser.encoders.outputs import Encoded
from mser.encoders.pooling import weighted_statistics
from mser.fusion.interface import Fusion


class AttentiveStatistics(Fusion):
    """Mean and spread of each side's states, weighted by attention, then layers with norm and ReLU.

    Source: Okabe et al. 2018, arXiv 1803.10963, as in the WavLM baselines of the Odyssey 2024 emotion challenge.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
        width: of each layer, and of the vector.
        layers: how many.
        dropout: on the statistics, and behind each layer.
    """

    def __init__(
        self, speech_width: int, text_width: int, *, width: int = 256, layers: int = 1, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.width = width
        sides = {side: size for side, size in (("text", text_width), ("speech", speech_width)) if size}
        self.hidden = nn.ModuleDict({side: nn.Linear(size, size) for side, size in sides.items()})
        self.scores = nn.ModuleDict({side: nn.Linear(size, 1, bias=False) for side, size in sides.items()})
        widths = [2 * sum(sides.values()), *[width] * layers]
        self.layers = nn.Sequential(nn.Dropout(dropout))
        for before, after in pairwise(widths):
            self.layers.append(
                nn.Sequential(nn.Linear(before, after), nn.LayerNorm(after), nn.ReLU(), nn.Dropout(dropout))
            )

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, width)."""
        sides = {"text": text, "speech": speech}
        statistics = [self._of(side, sides[side]) for side in self.hidden]
        return cast(Tensor, self.layers(torch.cat(statistics, dim=-1)))

    def _of(self, side: str, encoded: Encoded | None) -> Tensor:
        if encoded is None:
            raise ValueError(f"attentive statistics need {side}")
        scores = self.scores[side](torch.tanh(self.hidden[side](encoded.states))).squeeze(-1)
        return weighted_statistics(encoded.states, scores, encoded.mask)
