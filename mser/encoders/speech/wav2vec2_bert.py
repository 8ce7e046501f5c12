"""Wav2Vec2-BERT: a Conformer over filter banks that are normalised clip by clip."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from mser.encoders.backbone import Backbone
from mser.encoders.masks import mask_of
from mser.encoders.speech.filter_banks import HOP, WINDOW, log_mel


class Wav2Vec2BertBackbone(Backbone):
    """The pretrained Conformer behind its own feature extractor.

    Args:
        model: a transformers Wav2Vec2BertModel.
        extractor: its feature extractor; runs on the CPU, one clip at a time.
    """

    def __init__(self, model: Any, extractor: Any) -> None:
        super().__init__()
        self.width: int = model.config.hidden_size
        self.extractor = extractor
        self.projection = model.feature_projection
        self.transformer = model.encoder
        self.blocks = cast(nn.ModuleList, model.encoder.layers)
        self.front = [model.feature_projection]

    def forward(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, D) of the last layer and their mask (B, T).

        Args:
            waveform: (B, samples) at 16 kHz, zeros behind each clip.
            lengths: (B,) samples of each clip.
        """
        features, mask = self._features(waveform, lengths)
        states = self.projection(features)
        states = states[0] if isinstance(states, tuple) else states
        return self.transformer(states, attention_mask=mask).last_hidden_state, mask

    def fingerprint(self) -> str:
        """Return the settings of the feature extractor."""
        return str(self.extractor.to_json_string())

    def _features(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, T, filters) and their mask (B, T)."""
        if torch.compiler.is_exporting():  # a graph cannot hold the extractor, which runs in numpy
            return _features_of_all(waveform, lengths, self.extractor)
        clips = [self._features_of(clip[:count]) for clip, count in zip(waveform, lengths.tolist(), strict=True)]
        features = nn.utils.rnn.pad_sequence(clips, batch_first=True).to(waveform.device)
        return features, mask_of(torch.tensor([len(clip) for clip in clips], device=waveform.device))

    def _features_of(self, clip: Tensor) -> Tensor:
        """Return (T, filters) of one clip, without the frames that only fill up the last stride."""
        out = self.extractor(clip.cpu().numpy(), sampling_rate=16_000, return_tensors="pt")
        return cast(Tensor, out["input_features"][0][out["attention_mask"][0].bool()])


def _features_of_all(waveform: Tensor, lengths: Tensor, extractor: Any) -> tuple[Tensor, Tensor]:
    """Return what a SeamlessM4TFeatureExtractor makes of each clip, (B, T, filters), and their mask (B, T)."""
    window, filters = torch.from_numpy(extractor.window), torch.from_numpy(extractor.mel_filters)
    mel, counts = log_mel(waveform, window, filters, scale=2**15), (lengths - WINDOW) // HOP + 1
    real, many = mask_of(counts, mel.shape[1]).unsqueeze(2), counts[:, None, None]
    centred = (mel - (mel * real).sum(1, keepdim=True) / many) * real
    variance = centred.square().sum(1, keepdim=True) / (many - 1)
    normal = centred / (variance + 1e-7).sqrt()
    count = mel.shape[1] // extractor.stride
    features = normal[:, : count * extractor.stride].reshape(-1, count, extractor.stride * mel.shape[2])
    return features, mask_of(counts // extractor.stride, count)
