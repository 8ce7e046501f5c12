"""SpecAugment on the waveform: stretches of time and bands of frequency fall silent, whatever encoder hears it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

MASKS = 2
"""How many stretches and how many bands: those of SpecAugment's policies LD, SM and SS."""
WINDOW, HOP = 400, 160
"""Samples of a Fourier window and between two of them: 25 and 10 ms."""
TOP = 2595 * np.log10(1 + 8000 / 700)
"""8 kHz in mel."""


def spec_masked(clip: Tensor, *, time: float, frequency: float, random: np.random.Generator) -> Tensor:
    """Return a (samples,) clip in whose spectrogram `MASKS` stretches of time and bands of frequency are silent.

    Source: Park et al. 2019, who mask the log-mel frames that their model sees. Encoders here see waveforms, log-mel
    frames or codes, so the masks go into a Fourier transform of the waveform, which is then turned back: one place that
    all of them hear. Widths are drawn from 0 to an equal share of the most that may go; a clip too short for a mask
    keeps everything.

    Args:
        clip: at 16 kHz.
        time: the most of the clip's frames that may fall silent, a share from 0 to 1.
        frequency: the most of the mel scale up to 8 kHz, a share from 0 to 1.
        random: where the masks are drawn from.

    Example:
        >>> masked = spec_masked(torch.ones(16000), time=0.5, frequency=0.0, random=np.random.default_rng(0))
        >>> len(masked), 0 < (masked == 0).float().mean() <= 0.5
        (16000, tensor(True))
    """
    window = torch.hann_window(WINDOW)
    spectrum = torch.stft(clip, WINDOW, HOP, window=window, pad_mode="constant", return_complex=True)
    bins, frames = spectrum.shape
    for start, end in _spans(frames, time, random):
        spectrum[:, round(start) : round(start) + int(end - start)] = 0  # whole frames, so never more than the share
    for low, high in _spans(TOP, frequency, random):
        first, last = (round(_hertz(mel) / 8000 * (bins - 1)) for mel in (low, high))
        spectrum[first:last] = 0
    return torch.istft(spectrum, WINDOW, HOP, window=window, length=len(clip))


def _spans(whole: float, most: float, random: np.random.Generator) -> list[tuple[float, float]]:
    """Return start and end of each mask; together they cover at most the share `most` of the whole."""
    widths = random.random(MASKS) * whole * most / MASKS
    starts = random.random(MASKS) * (whole - widths)
    return list(zip(starts, starts + widths, strict=True))


def _hertz(mel: float) -> float:
    return float(700 * (10 ** (mel / 2595) - 1))
