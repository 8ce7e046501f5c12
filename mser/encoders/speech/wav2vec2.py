"""Backbones over raw waveforms: wav2vec 2.0 and its Conformer, HuBERT, WavLM, data2vec-audio, UniSpeech."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mser.encoders.backbone import Backbone
from mser.encoders.masks import all_real, mask_of, masked_group_norm, unit_variance

FAMILIES = ("wav2vec2", "wav2vec2-conformer", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat")


class WaveformBackbone(Backbone):
    """A pretrained transformer over a convolutional front, whose output for a clip does not depend on its batch.

    Two things in these families reach beyond a clip's end, and both are cut off there:

    * the first group norm of the ``feat_extract_norm="group"`` checkpoints takes its statistics over time, so it is
      applied to each clip's real frames alone;
    * convolutions over frames that were masked before something made them other than zero: data2vec's stacked
      positional ones, the one behind a batch norm in HuBERT's ``conv_pos_batch_norm`` checkpoints, the depthwise one
      of each Conformer layer; what they see is masked again.

    A batch norm would make a clip's answer in training depend on its neighbours, and few clips are a poor sample: the
    statistics of pretraining stay.

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
        self.blocks = self._layers(model.encoder)
        self.front = [self.convolutions]
        self._real: Tensor | None = None
        keep_statistics(model.encoder)
        for convolution in _over_frames(model.encoder):
            convolution.register_forward_pre_hook(self._mask_positions)

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
        return self._transform(states[0] if isinstance(states, tuple) else states, frames)

    def _transform(self, states: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the transformer makes of states (B, T, D), and their mask (B, T), of the real frames (B,)."""
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

    @staticmethod
    def _layers(encoder: Any) -> nn.ModuleList:
        """Return the layers of a transformer."""
        return cast(nn.ModuleList, encoder.layers)

    def _mask_positions(self, _: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        return args if self._real is None else (args[0] * self._real,)


class _KnownNorm(nn.BatchNorm1d):
    """A batch norm by the statistics that it was given, in training as well."""

    def forward(self, states: Tensor) -> Tensor:
        """Return (B, C, T) normalised channel by channel."""
        return functional.batch_norm(
            states, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
        )


def keep_statistics(model: nn.Module) -> None:
    """Let every batch norm keep the statistics that it was pretrained with, in place.

    Example:
        >>> model = nn.Sequential(nn.BatchNorm1d(2, eps=0)).train()
        >>> keep_statistics(model)
        >>> model(torch.tensor([[3.0, 5.0]]))[0].tolist()
        [3.0, 5.0]
    """
    for module in model.modules():
        if type(module) is nn.BatchNorm1d:
            module.__class__ = _KnownNorm
            # Batches are counted no more; else torch would add the count to weights that are read, and miss it there.
            module.num_batches_tracked, module.track_running_stats = None, False


def _over_frames(encoder: Any) -> Iterator[nn.Module]:
    """Yield the convolutions that would see what is behind a clip's end, though its frames were masked before."""
    positions = getattr(encoder, "pos_conv_embed", None)
    yield from getattr(positions, "layers", ())
    if getattr(positions, "batch_norm", None) is not None:
        yield positions.conv  # type: ignore[union-attr]
    yield from (
        layer.conv_module.depthwise_conv for layer in getattr(encoder, "layers", ()) if hasattr(layer, "conv_module")
    )


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
