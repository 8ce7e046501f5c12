"""Whisper's encoder over clips of any length, without padding each of them to thirty seconds."""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mser.encoders.backbone import Backbone
from mser.encoders.masks import all_real, mask_of

MEL_FLOOR = 1e-10
FLOOR_FRAMES = 4
"""Silent frames behind each clip: what the convolutions of the last real frame see, alone and in a batch alike."""


class WhisperBackbone(Backbone):
    """Log-mel frames, two convolutions (20 ms a frame) and a transformer that attends to real frames only.

    Args:
        encoder: the encoder of a transformers Whisper model.
        mel_filters: (frequencies, mels) the filter bank that the checkpoint was trained with.
        window: samples of a Fourier window.
        hop: samples between mel frames.
        fill: samples that each clip is filled up with silence to, which is then heard like speech, and cut off after:
            what classifiers made with transformers learned from; 0 hears each clip as long as it is.
    """

    fill = 0
    mel_filters: Tensor

    def __init__(self, encoder: Any, mel_filters: Tensor, *, window: int = 400, hop: int = 160, fill: int = 0) -> None:
        super().__init__()
        if fill:  # else nothing is noted, which would rename what is kept of frozen encoders
            self.fill = fill
        self.width: int = encoder.config.d_model
        self.window, self.hop = window, hop
        self.encoder = encoder
        self.blocks = cast(nn.ModuleList, encoder.layers)
        self.front = [encoder.conv1, encoder.conv2]
        self.register_buffer("mel_filters", mel_filters.float(), persistent=False)

    def forward(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, D) of the last layer and their mask (B, T).

        Args:
            waveform: (B, samples) at 16 kHz, zeros behind each clip.
            lengths: (B,) samples of each clip.
        """
        if self.fill:
            waveform = functional.pad(waveform, (0, self.fill))[:, : self.fill]
        with torch.autocast(waveform.device.type, enabled=False):
            log_mel = self._filled_log_mel if self.fill else self._log_mel
            mel, frames = log_mel(waveform.float(), lengths)
        states = functional.gelu(self.encoder.conv1(mel))
        states = functional.gelu(self.encoder.conv2(states)).transpose(1, 2)
        count = (self._frames(waveform) + 1) // 2
        mask = mask_of((frames + 1) // 2, count)
        states = states[:, :count] + self._positions(count)
        states = functional.dropout(states, self.encoder.dropout, self.training)
        attention = None if all_real(mask) else _additive(mask, states.dtype)
        for block in self.blocks:
            answer = block(states, attention)
            states = answer[0] if isinstance(answer, tuple) else answer  # a tuple in transformers 5.0
        return self.encoder.layer_norm(states), mask

    def _log_mel(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, mels, frames) and the real frames (B,); behind these each clip has its own noise floor."""
        padded = functional.pad(waveform, (0, self.window + FLOOR_FRAMES * self.hop))
        mel = (self.mel_filters.T @ self._power(padded)).clamp(min=MEL_FLOOR).log10()
        frames = lengths.div(self.hop, rounding_mode="floor").clamp(min=1)
        real = mask_of(frames, mel.shape[-1]).unsqueeze(1)
        floor = mel.masked_fill(~real, -math.inf).amax((1, 2), keepdim=True) - 8.0
        mel = torch.where(real, torch.maximum(mel, floor), floor)
        return (mel[..., : self._frames(waveform) + FLOOR_FRAMES] + 4.0) / 4.0, frames

    def _filled_log_mel(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, mels, frames) of clips that are filled up, silence and all, and the frames (B,) of each."""
        mel = (self.mel_filters.T @ self._power(waveform)[..., :-1]).clamp(min=MEL_FLOOR).log10()
        mel = torch.maximum(mel, mel.amax((1, 2), keepdim=True) - 8.0)
        return (mel + 4.0) / 4.0, torch.full_like(lengths, self.fill // self.hop)

    def _frames(self, waveform: Tensor) -> int:
        """Return the mel frames of the longest clip, which the others are padded to."""
        return max(waveform.shape[1] // self.hop, 1)

    def _power(self, waveform: Tensor) -> Tensor:
        """Return (B, frequencies, frames) squared magnitudes."""
        window = torch.hann_window(self.window, device=waveform.device)
        if torch.compiler.is_exporting():
            return power_by_convolution(waveform, window, self.hop)
        return torch.stft(waveform, self.window, self.hop, window=window, return_complex=True).abs().square()

    def _positions(self, count: int) -> Tensor:
        """Return (count, D): the checkpoint's table, continued by its own formula beyond thirty seconds."""
        table: Tensor = self.encoder.embed_positions.weight
        if not torch.compiler.is_exporting() and count <= len(table):
            return table[:count]
        return torch.cat([table, sinusoids(count, self.width).to(table)[len(table) :]])[:count]


def power_by_convolution(waveform: Tensor, window: Tensor, hop: int) -> Tensor:
    """Return what `torch.stft` gives, squared, without complex numbers, which exported graphs do not know.

    Example:
        >>> wave, window = torch.randn(2, 4000), torch.hann_window(400)
        >>> spectrum = torch.stft(wave, 400, 160, window=window, return_complex=True).abs().square()
        >>> torch.allclose(power_by_convolution(wave, window, 160), spectrum, rtol=1e-3, atol=1e-3)
        True
    """
    size = len(window)
    steps = torch.arange(size, dtype=torch.float64)
    angles = 2 * math.pi / size * torch.arange(size // 2 + 1).unsqueeze(1) * steps
    waves = torch.cat([angles.cos(), angles.sin()]).to(window) * window
    padded = functional.pad(waveform.unsqueeze(1), (size // 2, size // 2), mode="reflect")
    cosines, sines = functional.conv1d(padded, waves.unsqueeze(1), stride=hop).square().chunk(2, dim=1)
    return cosines + sines


def sinusoids(count: int, width: int) -> Tensor:
    """Return (count, width) sinusoidal position embeddings as Whisper has them: sines, then cosines."""
    steps = torch.exp(-math.log(10_000) / (width // 2 - 1) * torch.arange(width // 2))
    angles = torch.arange(count).unsqueeze(1) * steps
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _additive(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Return (B, 1, T, T): 0 at real keys, the most negative number at padded ones."""
    hidden = torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, torch.finfo(dtype).min)
    return hidden[:, None, None, :].expand(-1, 1, mask.shape[1], -1)
