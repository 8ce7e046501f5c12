"""Small random encoders that need no download: for tests, demonstrations and a first look at a new corpus."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mser.encoders.hashing import PAD, VOCABULARY, hashed
from mser.encoders.speech.whisper import WhisperBackbone
from mser.encoders.text_backbone import TextBackbone

WIDTH = 64
LAYERS = 2


def tiny_speech() -> WhisperBackbone:
    """Return a random two-layer log-mel transformer of width 64."""
    from transformers import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    config = WhisperConfig(
        d_model=WIDTH, encoder_layers=LAYERS, encoder_attention_heads=4, encoder_ffn_dim=2 * WIDTH, num_mel_bins=40
    )
    filters = WhisperFeatureExtractor(feature_size=40).mel_filters
    return WhisperBackbone(WhisperEncoder(config), torch.from_numpy(filters), hop=320)


def tiny_text() -> TextBackbone:
    """Return a random two-layer BERT of width 64 over hashed words."""
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=512,
    )
    return TextBackbone(BertModel(config, add_pooling_layer=False), hash_words, max_tokens=512)


def hash_words(transcripts: Sequence[str], max_tokens: int) -> tuple[Tensor, Tensor]:
    """Return ids (B, L) and mask (B, L): CLS, then each word and mark by its hash, lower case.

    Example:
        >>> ids, mask = hash_words(["Oh. Oh no!", ""], max_tokens=512)
        >>> ids[0, 1] == ids[0, 3], mask.tolist()
        (tensor(True), [[True, True, True, True, True, True], [True, False, False, False, False, False]])
    """
    rows = [hashed(text, max_tokens) for text in transcripts]
    size = max(map(len, rows))
    ids = torch.tensor([row + [PAD] * (size - len(row)) for row in rows])
    return ids, ids != PAD
