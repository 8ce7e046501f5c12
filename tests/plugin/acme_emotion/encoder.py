"""A family of speech encoders: ``model: {speech: {name: {class_path: acme_emotion.encoder.Frames}}}``."""

import torch
from torch import Tensor, nn

from mser.encoders.backbone import Backbone

FRAME = 400


class Frames(Backbone):
    """Frames of 25 ms, each by itself through some layers.

    Args:
        width: size of a state.
        layers: how many.
    """

    def __init__(self, width: int = 16, layers: int = 2) -> None:
        super().__init__()
        self.width = width
        self.entry = nn.Linear(FRAME, width)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(width, width), nn.GELU()) for _ in range(layers))

    def forward(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, width) and their mask (B, T)."""
        states = self.entry(waveform.unfold(1, FRAME, FRAME))
        for block in self.blocks:
            states = states + block(states)
        return states, torch.arange(states.shape[1], device=lengths.device) < (lengths // FRAME).unsqueeze(1)
