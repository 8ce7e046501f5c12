"""emotion2vec as a backbone over waveforms, in plain PyTorch."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mser.encoders.backbone import Backbone
from mser.encoders.emotion2vec.architecture import Emotion2vecSettings
from mser.encoders.emotion2vec.layers import Layer, distance_bias
from mser.encoders.masks import mask_of, unit_variance
from mser.errors import UserError

WEIGHTS = "model.safetensors"


class _Convolution(nn.Module):
    """A layer of the front: convolution, norm over channels, GELU."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, out, kernel, stride, bias=False)
        self.norm = nn.LayerNorm(out)

    def forward(self, features: Tensor) -> Tensor:
        normed: Tensor = self.norm(self.conv(features).transpose(1, 2)).transpose(1, 2)
        return nn.functional.gelu(normed)


class Emotion2vec(Backbone):
    """The pretrained emotion2vec, whose states for a clip do not depend on its batch.

    Frames behind a clip's end are silenced before each convolution over positions and are never attended to. Of the
    pretrained model the decoder is left out, and layers are never skipped at random (layerdrop and drop path).

    Args:
        settings: the architecture.
    """

    def __init__(self, settings: Emotion2vecSettings) -> None:
        super().__init__()
        self.settings = settings
        self.width = settings.width
        channels = [1, *(out for out, _, _ in settings.convolutions)]
        self.convolutions = nn.ModuleList(
            _Convolution(before, *layer) for before, layer in zip(channels[:-1], settings.convolutions, strict=True)
        )
        self.projection = nn.Sequential(nn.LayerNorm(channels[-1]), nn.Linear(channels[-1], settings.width))
        self.positions = nn.ModuleList(
            nn.Conv1d(
                settings.width,
                settings.width,
                settings.position_kernel,
                padding=settings.position_kernel // 2,
                groups=settings.position_groups,
            )
            for _ in range(settings.position_layers)
        )
        self.extra = nn.Parameter(torch.zeros(1, settings.extra_tokens, settings.width))
        layers, heads = settings.scales
        self.scale = nn.Parameter(torch.ones(layers, 1, heads, 1, 1))
        self.norm = nn.LayerNorm(settings.width, eps=settings.norm_eps)  # above the layers where norms come first
        self.blocks = nn.ModuleList(Layer(settings) for _ in range(settings.prenet_layers + settings.layers))
        self.front: list[nn.Module] = [self.convolutions]

    @classmethod
    def from_folder(cls, folder: Path, *, weights: bool = True) -> Emotion2vec:
        """Return the encoder of a folder that ``mser convert emotion2vec`` made.

        Args:
            folder: where it lies.
            weights: whether to read the weights; without them they are random, to be filled from elsewhere.

        Raises:
            UserError: if a file of it is missing or damaged.
        """
        model = cls(Emotion2vecSettings.read(folder))
        if weights:
            try:
                model.load_state_dict(load_file(folder / WEIGHTS))
            except (OSError, RuntimeError, SafetensorError) as error:
                message = " ".join(str(error).split())[:160]
                raise UserError(
                    f"{str(folder)!r} is no complete emotion2vec folder ({message}); make it again with "
                    "mser convert emotion2vec"
                ) from error
        return model

    def forward(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, D) of the last layer and their mask (B, T), 50 frames a second.

        Args:
            waveform: (B, samples) at 16 kHz, zeros behind each clip.
            lengths: (B,) samples of each clip, at least the receptive field (400).
        """
        if self.settings.normalise:
            waveform = unit_variance(waveform, lengths)
        features, frames = waveform.unsqueeze(1), lengths
        for layer, (_, kernel, stride) in zip(self.convolutions, self.settings.convolutions, strict=True):
            features, frames = layer(features), (frames - kernel) // stride + 1
        states = self.projection(features.transpose(1, 2))
        mask = mask_of(frames, states.shape[1])
        states = states + self._placed(states, mask)
        extra = self.extra.expand(states.shape[0], -1, -1)
        if not self.settings.norm_first:
            states, extra = self.norm(states), self.norm(extra)
        states = self._transform(states, extra, mask)
        return (self.norm(states) if self.settings.norm_first else states), mask

    def _transform(self, states: Tensor, extra: Tensor, mask: Tensor) -> Tensor:
        distances = distance_bias(states.shape[1], self.settings.heads, extra.shape[1], states.device)
        unheard = nn.functional.pad(~mask, (extra.shape[1], 0))[:, None, None, :]
        scale = self.scale.clamp(min=0)
        for index, block in enumerate(self.blocks):
            bias = distances * scale[index if len(scale) > 1 else 0]
            states, extra = block(states, extra=extra, bias=bias.masked_fill(unheard, -math.inf))
        return states

    def _placed(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return (B, T, D) that tell where each frame is."""
        real = mask.unsqueeze(1)
        placed = states.transpose(1, 2)
        for layer in self.positions:
            placed = layer(placed * real)
            if self.settings.position_kernel % 2 == 0:  # which gives one frame too many
                placed = placed[..., :-1]
            placed = nn.functional.gelu(_normed(placed.transpose(1, 2))).transpose(1, 2)
        return placed.transpose(1, 2)


def _normed(states: Tensor) -> Tensor:
    return nn.functional.layer_norm(states, states.shape[-1:])
