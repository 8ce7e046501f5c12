"""The Audio Spectrogram Transformer: patches of a spectrogram of ten seconds, the silence behind a clip included."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mser.encoders.backbone import Backbone
from mser.encoders.masks import mask_of
from mser.encoders.speech.filter_banks import HOP, WINDOW, kaldi_filters, log_mel


class SpectrogramBackbone(Backbone):
    """A pretrained AST (Gong et al. 2021) over windows of as many frames as it was trained on, 10.24 s as a rule.

    Each window is filled up with silence, which the transformer hears, as it was trained; a longer clip is heard in
    windows one after the other, none of which hears another. States are those of the patches that begin within the
    clip, window by window, behind the two tokens that each window begins with, of which the first is what ``first``
    pooling takes.

    Args:
        model: a transformers ASTModel, which should not be used any more.
        extractor: its feature extractor, for mean and standard deviation of its spectrograms.
    """

    filters: Tensor

    def __init__(self, model: Any, extractor: Any) -> None:
        super().__init__()
        config = model.config
        self.width: int = config.hidden_size
        self.frames, self.stride = config.max_length, config.time_stride
        self.centre: float = extractor.mean if extractor.do_normalize else 0.0
        self.scale: float = 2 * extractor.std if extractor.do_normalize else 1.0
        self.embeddings = model.embeddings
        self.norm = model.layernorm
        self.front = [model.embeddings.patch_embeddings]
        self.columns: int = model.embeddings.get_shape(config)[1]
        self.tokens: int = model.embeddings.position_embeddings.shape[1]
        # In early releases of transformers 5 they lie within an encoder.
        layers = model.layers if hasattr(model, "layers") else model.encoder.layer
        self.blocks = nn.ModuleList(_Windowed(layer, self.tokens) for layer in layers)
        self.register_buffer("filters", kaldi_filters(config.num_mel_bins), persistent=False)

    def forward(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, D) of the last layer and their mask (B, T).

        Args:
            waveform: (B, samples) at 16 kHz, zeros behind each clip.
            lengths: (B,) samples of each clip, at least 400.
        """
        windows, counts = self._windows(waveform, lengths)
        states = self.embeddings(windows.flatten(0, 1).to(self.norm.weight.dtype)).view(len(waveform), -1, self.width)
        for block in self.blocks:
            states = block(states)
        return self.norm(states), self._mask(counts, windows.shape[1])

    def _windows(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, windows, frames, mels) and the real frames (B,) of each clip."""
        hann = torch.hann_window(WINDOW, periodic=False, dtype=torch.float64, device=waveform.device)
        mel, counts = log_mel(waveform, hann, self.filters), (lengths - WINDOW) // HOP + 1
        mel = (mel * mask_of(counts, mel.shape[1]).unsqueeze(2) - self.centre) / self.scale
        short = -mel.shape[1] % self.frames
        filled = functional.pad(mel, (0, 0, 0, short), value=-self.centre / self.scale)
        return filled.view(len(mel), -1, self.frames, mel.shape[2]), counts

    def _mask(self, counts: Tensor, windows: int) -> Tensor:
        """Return (B, T), true at the patches that begin within a clip, and at the tokens of each window with one."""
        starts = torch.arange(windows, device=counts.device).unsqueeze(1) * self.frames
        columns = starts + self.stride * torch.arange(self.columns, device=counts.device)
        rows = (self.tokens - 2) // self.columns
        frames = torch.cat([starts, starts, columns.repeat(1, rows)], dim=1).flatten()
        return frames < counts.unsqueeze(1)


class _Windowed(nn.Module):
    """A layer that hears each window of (B, windows x tokens, D) by itself."""

    def __init__(self, layer: nn.Module, tokens: int) -> None:
        super().__init__()
        self.layer, self.tokens = layer, tokens

    def forward(self, states: Tensor) -> Tensor:
        """Return what the layer makes of them, of the same shape."""
        return cast(Tensor, self.layer(states.reshape(-1, self.tokens, states.shape[2]))).view_as(states)
