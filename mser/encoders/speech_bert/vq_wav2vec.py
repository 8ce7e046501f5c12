"""vq-wav2vec with k-means codewords: from a waveform to two codes every ten milliseconds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from mser.errors import UserError


@dataclass(frozen=True)
class VqSettings:
    """The shape of a vq-wav2vec k-means model; the defaults are fairseq's for options that a checkpoint lacks.

    Attributes:
        layers: channels, kernel and stride of each convolution.
        codewords: how many there are in a group's codebook.
        groups: codes per frame.
        shared_codebook: all groups choose from one codebook.
        activation: ``relu`` or ``gelu`` (with erf), after each convolution's norm.
        log_compression: log(1 + |x|) after the last convolution.
        skip_connections: convolutions that keep the number of channels add their input.
        residual_scale: what the sum is multiplied by is the root of this.
        affine: the convolutions' norms have weights.
        sample_rate: of the waveforms it was trained on, in Hz.
    """

    layers: tuple[tuple[int, int, int], ...]
    codewords: int = 320
    groups: int = 2
    shared_codebook: bool = False
    activation: str = "relu"
    log_compression: bool = False
    skip_connections: bool = False
    residual_scale: float = 0.5
    affine: bool = True
    sample_rate: int = 16000

    @property
    def receptive_field(self) -> int:
        """Samples that one frame sees: the shortest waveform that has a frame.

        Example:
            >>> kernels, strides = (10, 8, 4, 4, 4, 1, 1, 1), (5, 4, 2, 2, 2, 1, 1, 1)
            >>> VqSettings(tuple((512, k, s) for k, s in zip(kernels, strides))).receptive_field
            465
        """
        samples = 1
        for _, kernel, stride in reversed(self.layers):
            samples = (samples - 1) * stride + kernel
        return samples


class VqWav2Vec(nn.Module):
    """The part of vq-wav2vec that makes codes; its context network is not needed for that.

    It takes one utterance at a time, whole and unpadded: its norms take statistics over all frames, so any padding or
    cutting changes the codes. Source: Baevski et al. 2020 and fairseq 0.9; parameter names are those of its
    checkpoints.

    Args:
        settings: the model's shape.
    """

    def __init__(self, settings: VqSettings) -> None:
        super().__init__()
        self.settings = settings
        self.feature_extractor = _Features(settings)
        self.vector_quantizer = _Codebooks(settings)
        self.eval().requires_grad_(False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Return the codes (frames, groups) of one utterance, int64 from 0 to codewords - 1.

        Args:
            waveform: (samples,) float32 in [-1, 1], not normalised.

        Raises:
            UserError: if the waveform is shorter than the receptive field.
        """
        return self.search(self.project(self.features(waveform)))

    def features(self, waveform: Tensor) -> Tensor:
        """Return (channels, frames), what the convolutions make of one utterance (samples,)."""
        least, rate = self.settings.receptive_field, self.settings.sample_rate
        if len(waveform) < least:
            raise UserError(
                f"an utterance has {len(waveform)} samples ({len(waveform) / rate:.3f} s), expected at least {least} "
                f"({least / rate:.3f} s), which vq-wav2vec needs for its first code; leave the utterance out or pad it"
            )
        if waveform.dtype != torch.float32:
            raise UserError(
                f"a waveform came as {waveform.dtype}, expected torch.float32, as rounding changes its codes; "
                "choose a precision that leaves inputs alone, such as bf16-mixed"
            )
        with _exact(waveform.device):
            return cast(Tensor, self.feature_extractor(waveform.view(1, 1, -1)).squeeze(0))

    def project(self, features: Tensor) -> Tensor:
        """Return (channels, frames), the features as they are compared with codewords."""
        with _exact(features.device):
            return cast(Tensor, self.vector_quantizer.projection(features.unsqueeze(0)).squeeze(0))

    def distances(self, projected: Tensor) -> Iterator[Tensor]:
        """Yield (frames, codewords) Euclidean distances from (channels, frames), a group at a time."""
        codebooks = self.vector_quantizer.embedding.expand(-1, self.settings.groups, -1)
        for group, part in enumerate(projected.T.chunk(self.settings.groups, dim=1)):
            # The faster way through a matrix product rounds enough to change the nearest codeword.
            yield torch.cdist(part, codebooks[:, group], compute_mode="donot_use_mm_for_euclid_dist")

    def search(self, projected: Tensor) -> Tensor:
        """Return the codes (frames, groups) of the nearest codewords to (channels, frames)."""
        return torch.stack([distance.argmin(dim=1) for distance in self.distances(projected)], dim=1)

    def quantize(self, codes: Tensor) -> Tensor:
        """Return (channels, frames), the codewords of (frames, groups) codes one group below the other."""
        codebooks = self.vector_quantizer.embedding.expand(-1, self.settings.groups, -1)
        return torch.cat([codebooks[code, group] for group, code in enumerate(codes.T)], dim=1).T


class _Features(nn.Module):
    """The convolutions: (1, 1, samples) to (1, channels, frames)."""

    def __init__(self, settings: VqSettings) -> None:
        super().__init__()
        self.log_compression = settings.log_compression
        self.skip_connections = settings.skip_connections
        self.residual_scale = math.sqrt(settings.residual_scale)
        inputs = [1, *(channels for channels, _, _ in settings.layers)]
        self.conv_layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(width, channels, kernel, stride, bias=False),
                nn.Identity(),  # where training has its dropout: keeps the checkpoints' numbering
                nn.GroupNorm(1, channels, affine=settings.affine),
                nn.GELU() if settings.activation == "gelu" else nn.ReLU(),
            )
            for width, (channels, kernel, stride) in zip(inputs, settings.layers, strict=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.conv_layers:
            made = layer(x)
            x = self.joined(x, made, x.shape[2] // made.shape[2])
        return self.compressed(x)

    def joined(self, source: Tensor, made: Tensor, step: int) -> Tensor:
        """Return a convolution's output (B, channels, T) with every so many-th frame of its input added, if it fits."""
        if not self.skip_connections or made.shape[1] != source.shape[1]:
            return made
        return (made + source[..., ::step][..., : made.shape[2]]) * self.residual_scale

    def compressed(self, x: Tensor) -> Tensor:
        """Return the output of the last convolution as it is used."""
        return (x.abs() + 1).log() if self.log_compression else x


class _Codebooks(nn.Module):
    """The projection and the codewords."""

    def __init__(self, settings: VqSettings) -> None:
        super().__init__()
        width, groups = settings.layers[-1][0], settings.groups
        books = 1 if settings.shared_codebook else groups
        self.embedding = nn.Parameter(torch.zeros(settings.codewords, books, width // groups))
        self.projection = nn.Sequential(
            nn.Conv1d(width, width, 1, groups=groups, bias=False), nn.GroupNorm(groups, width)
        )


@contextmanager
def _exact(device: torch.device) -> Iterator[None]:
    """Plain float32 arithmetic, without a graph, whatever precision the training around it has chosen."""
    with (
        torch.no_grad(),
        torch.autocast(device.type, enabled=False),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
    ):
        yield
