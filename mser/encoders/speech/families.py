"""Which of transformers' models are speech encoders here, and the backbone that each becomes."""

from __future__ import annotations

from typing import Any

import torch

from mser.encoders.backbone import Backbone
from mser.encoders.speech import squeezed, wav2vec2
from mser.encoders.speech.spectrogram import SpectrogramBackbone
from mser.encoders.speech.wav2vec2_bert import Wav2Vec2BertBackbone
from mser.encoders.speech.wavlm import gate_attention
from mser.encoders.speech.whisper import WhisperBackbone

FAMILIES = (*wav2vec2.FAMILIES, *squeezed.FAMILIES, "wav2vec2-bert", "whisper", "audio-spectrogram-transformer")
"""What transformers calls them."""


def around(model: Any, extractor: Any) -> Backbone:
    """Return the backbone around a transformers model of speech.

    Args:
        model: which is taken apart and should not be used any more.
        extractor: its feature extractor, with what `mser.convert` may have noted in it: ``fill`` of Whisper's
            classifiers, ``centre`` and ``scale`` of waveforms, whether there is a ``closing_norm`` above the layers.
    """
    kind = model.config.model_type
    if kind == "whisper":
        filters, fill = torch.from_numpy(extractor.mel_filters), getattr(extractor, "fill", 0)
        return WhisperBackbone(model.encoder, filters, window=extractor.n_fft, hop=extractor.hop_length, fill=fill)
    if kind == "wav2vec2-bert":
        return Wav2Vec2BertBackbone(model, extractor)
    if kind == "audio-spectrogram-transformer":
        return SpectrogramBackbone(model, extractor)
    if kind in squeezed.FAMILIES:
        return squeezed.SqueezedBackbone(model, normalise=extractor.do_normalize)
    if kind == "wav2vec2-conformer":
        del model.encoder.pos_conv_embed  # which it has and never asks
    if kind == "wavlm":
        gate_attention(model)
    if not getattr(extractor, "closing_norm", True):
        model.encoder.layer_norm = torch.nn.Identity()
    level = {name: getattr(extractor, name) for name in ("centre", "scale") if hasattr(extractor, name)}
    return wav2vec2.WaveformBackbone(model, normalise=extractor.do_normalize, **level)
