"""Kaldi's filter banks in PyTorch, so that a graph can hold them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

WINDOW, HOP = 400, 160
"""Samples of a frame, and between frames: 25 and 10 ms at 16 kHz."""
_FLOOR = 1.192092955078125e-07
"""The smallest power."""


def log_mel(waveform: Tensor, window: Tensor, filters: Tensor, *, scale: float = 1.0) -> Tensor:
    """Return the logarithms of filter banks (B, frames, mels), computed in double precision, as float32.

    Args:
        waveform: (B, samples) at 16 kHz in [-1, 1].
        window: (400,).
        filters: (257, mels), of a Fourier transform of 512 samples.
        scale: what samples are multiplied by before: 2 ** 15 where those of 16-bit integers were meant.

    Example:
        >>> log_mel(torch.zeros(1, 800), torch.ones(400), torch.ones(257, 3)).shape
        torch.Size([1, 3, 3])
    """
    frames = waveform.double().unfold(1, WINDOW, HOP) * scale
    frames = frames - frames.mean(2, keepdim=True)
    frames = (frames - 0.97 * torch.cat([frames[..., :1], frames[..., :-1]], dim=2)) * window.double()
    bins = torch.arange(len(filters), dtype=torch.float64, device=waveform.device)
    steps = torch.arange(WINDOW, dtype=torch.float64, device=waveform.device).unsqueeze(1)
    angles = math.pi / (len(filters) - 1) * steps * bins
    power = (frames @ angles.cos()).square() + (frames @ angles.sin()).square()
    return (power @ filters.double()).clamp(min=_FLOOR).log().float()


def kaldi_filters(mels: int) -> Tensor:
    """Return (257, mels) triangles from 20 to 8000 Hz on Kaldi's mel scale, at 16 kHz.

    Example:
        >>> kaldi_filters(128).shape
        torch.Size([257, 128])
    """
    from transformers.audio_utils import mel_filter_bank

    return torch.from_numpy(
        mel_filter_bank(257, mels, 20, 8000, 16_000, norm=None, mel_scale="kaldi", triangularize_in_mel_space=True)
    )
