"""Wav2Vec2-BERT: a Conformer over filter banks that are normalised clip by clip."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from mser.encoders.masks import mask_of


class Wav2Vec2BertBackbone(nn.Module):
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
        clips = [self._features(clip[:count]) for clip, count in zip(waveform, lengths.tolist(), strict=True)]
        features = nn.utils.rnn.pad_sequence(clips, batch_first=True).to(waveform.device)
        mask = mask_of(torch.tensor([len(clip) for clip in clips], device=waveform.device))
        states = self.projection(features)
        states = states[0] if isinstance(states, tuple) else states
        return self.transformer(states, attention_mask=mask).last_hidden_state, mask

    def fingerprint(self) -> str:
        """Return the settings of the feature extractor."""
        return str(self.extractor.to_json_string())

    def _features(self, clip: Tensor) -> Tensor:
        """Return (T, filters) of one clip, without the frames that only fill up the last stride."""
        out = self.extractor(clip.cpu().numpy(), sampling_rate=16_000, return_tensors="pt")
        return cast(Tensor, out["input_features"][0][out["attention_mask"][0].bool()])
