"""Backbones over raw waveforms: wav2vec 2.0, HuBERT, WavLM, data2vec-audio, UniSpeech."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from mser.encoders.backbone import Backbone
from mser.encoders.masks import all_real, mask_of, masked_group_norm, unit_variance

FAMILIES = ("wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat")


class WaveformBackbone(Backbone):
    """A pretrained transformer over a convolutional front, whose output for a clip does not depend on its batch.

    Two things in these families reach beyond a clip's end, and both are cut off there:

    * the first group norm of the ``feat_extract_norm="group"`` checkpoints takes its statistics over time, so it is
      applied to each clip's real frames alone;
    * the stacked positional convolutions of data2vec turn masked frames into non-zero ones between their layers, so
      these are masked again before each of them.

    Args:
        model: a transformers model of one of `FAMILIES`.
        normalise: whether the checkpoint expects waveforms of zero mean and unit variance.
        centre: what is taken off each sample.
        scale: what it is divided by after that; a checkpoint may have those of its corpus instead of each clip's own.
    """

    centre, scale = 0.0, 1.0

    def __init__(self, model: Any, *, normalise: bool, centre: float = 0.0, scale: float = 1.0) -> None:
        super().__init__()
        self.width: int = model.config.hidden_size
        self.normalise = normalise
        if (centre, scale) != (0, 1):  # else nothing is noted, which would rename what is kept of frozen encoders
            self.centre, self.scale = centre, scale
        # Only what is used: a parameter without a gradient would stop distributed training.
        self.convolutions = cast(nn.ModuleList, model.feature_extractor.conv_layers)
        self.projection = model.feature_projection
        self.transformer = model.encoder
        self.blocks = cast(nn.ModuleList, model.encoder.layers)
        self.front = [self.convolutions]
        self._real: Tensor | None = None
        for layer in getattr(model.encoder.pos_conv_embed, "layers", ()):
            layer.register_forward_pre_hook(self._mask_positions)

    def forward(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, D) of the last layer and their mask (B, T).

        Args:
            waveform: (B, samples) at 16 kHz, zeros behind each clip.
            lengths: (B,) samples of each clip, at least the receptive field (400).
        """
        if self.normalise:
            waveform = unit_variance(waveform, lengths)
        if (self.centre, self.scale) != (0, 1):  # what lies behind a clip's end is never heard, so it may be anything
            waveform = (waveform - self.centre) / self.scale
        features, frames = self._convolve(waveform, lengths)
        states = self.projection(features.transpose(1, 2))
        states = states[0] if isinstance(states, tuple) else states
        mask = mask_of(frames, states.shape[1])
        # Without padding no mask is needed, and attention without a mask takes the faster kernel.
        padded = not all_real(mask)
        self._real = mask.unsqueeze(1) if padded else None
        states = self.transformer(states, attention_mask=mask if padded else None).last_hidden_state
        return states, mask

    def _convolve(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (B, C, T) and the number of real frames (B,) of each clip."""
        features, frames = waveform.unsqueeze(1), lengths
        for layer in self.convolutions:
            conv: nn.Conv1d = layer.conv  # type: ignore[assignment]
            frames = (frames - conv.kernel_size[0]) // conv.stride[0] + 1
            norm = getattr(layer, "layer_norm", None)
            if isinstance(norm, nn.GroupNorm):
                features = layer.get_submodule("activation")(_norm_each(norm, conv(features), frames))
            else:
                features = layer(features)
        return features, frames

    def _mask_positions(self, _: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        return args if self._real is None else (args[0] * self._real,)


def _norm_each(norm: nn.GroupNorm, features: Tensor, frames: Tensor) -> Tensor:
    """Return (B, C, T) normalised clip by clip over the real frames."""
    if torch.compiler.is_exporting():  # a graph cannot go through the clips of batches of any size
        return masked_group_norm(norm, features, frames)
    counts = frames.tolist()
    if min(counts) == features.shape[-1]:
        return cast(Tensor, norm(features))
    normed = torch.zeros_like(features, dtype=norm.weight.dtype)
    for row, count in enumerate(counts):
        normed[row, :, :count] = norm(features[row : row + 1, :, :count])[0]
    return normed
