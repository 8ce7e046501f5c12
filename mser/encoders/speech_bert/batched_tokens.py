"""Speech-BERT's token ids for a batch of padded clips at once, as an exported graph needs them.

`SpeechTokenizer` takes each utterance alone and is what training uses; here padding is masked instead, which rounds
otherwise: where two codewords are equally near to about a millionth, the other one may be chosen.
"""

from __future__ import annotations

from itertools import product
from typing import Any, cast

import torch
from torch import Tensor

from mser.encoders.masks import masked_group_norm
from mser.encoders.speech_bert.tokens import BOS, EOS, PAD, SpeechTokenizer


def tokens_of_all(tokenizer: SpeechTokenizer, waveform: Tensor, lengths: Tensor, longest: int) -> Tensor:
    """Return (B, T) ids as `SpeechTokenizer.ids` and `pad_tokens` make them.

    Args:
        tokenizer: for one utterance.
        waveform: (B, samples) at 16 kHz, zeros behind each clip.
        lengths: (B,) samples of each clip, at least the receptive field.
        longest: most ids of a clip, which keeps its start and closes with ``</s>``.
    """
    features, frames = _convolved(tokenizer, waveform, lengths)
    words = _table(tokenizer)[_words(tokenizer, features, frames)]
    edge = torch.full_like(words[:, :1], BOS)
    ids, ends = torch.cat([edge, words, edge], dim=1)[:, :longest], (frames + 1).clamp(max=longest - 1).unsqueeze(1)
    steps = torch.arange(ids.shape[1])
    return ids.masked_fill(steps == ends, EOS).masked_fill(steps > ends, PAD)


def _convolved(tokenizer: SpeechTokenizer, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return (B, channels, T), what the convolutions make of the clips, and the real frames (B,)."""
    extractor = tokenizer.quantizer.feature_extractor
    x, frames = waveform.unsqueeze(1), lengths
    for layer in extractor.conv_layers:
        conv, _, norm, activation = cast(Any, layer)
        frames = (frames - conv.kernel_size[0]) // conv.stride[0] + 1
        made = activation(masked_group_norm(norm, conv(x), frames))
        x = extractor.joined(x, made, conv.stride[0])
    return extractor.compressed(x), frames


def _words(tokenizer: SpeechTokenizer, features: Tensor, frames: Tensor) -> Tensor:
    """Return (B, T), the codes of each frame as digits of one number."""
    codebooks = tokenizer.quantizer.vector_quantizer
    project, norm = cast(Any, codebooks.projection)
    projected = masked_group_norm(norm, project(features), frames).transpose(1, 2)
    groups, codewords = tokenizer.quantizer.settings.groups, tokenizer.quantizer.settings.codewords
    words = torch.zeros_like(projected[..., 0], dtype=torch.int64)
    for part, book in zip(
        projected.chunk(groups, 2), codebooks.embedding.expand(-1, groups, -1).unbind(1), strict=True
    ):
        # In double precision, or the expanded square would round enough to change the nearest codeword.
        part, book = part.double(), book.double()
        words = words * codewords + (book.square().sum(1) - 2 * part @ book.T).argmin(2)
    return words


def _table(tokenizer: SpeechTokenizer) -> Tensor:
    """Return the ids of all words there can be, in the order of their digits."""
    settings = tokenizer.quantizer.settings
    words = product(map(str, range(settings.codewords)), repeat=settings.groups)
    return torch.tensor(tokenizer.vocabulary.encode(" ".join(map("-".join, words))).ids[1:-1])
