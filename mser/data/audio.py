"""Samples of audio files as tensors; see `mser.audio.decoding`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mser.audio.decoding import SAMPLE_RATE, SHORTEST, decode
from mser.manifest import Seconds

__all__ = ["SAMPLE_RATE", "SHORTEST", "at_least", "load"]


def load(path: Path, start: Seconds = 0.0, end: Seconds | None = None, channel: int | None = None) -> Tensor:
    """Return what `decode` does, as a tensor."""
    return torch.from_numpy(decode(path, start, end, channel))


def at_least(samples: Tensor, count: int) -> Tensor:
    """Return the samples (N,), with silence behind them if they are fewer than `count`."""
    return torch.nn.functional.pad(samples, (0, max(count - len(samples), 0)))
