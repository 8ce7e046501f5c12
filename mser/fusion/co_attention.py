"""The paper's co-attention: each summary asks the other side."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mser.encoders.outputs import Encoded
from mser.errors import require
from mser.fusion.interface import Fusion


class CoAttention(Fusion):
    """The paper's co-attentional fusion: each side's summary asks the other side's whole sequence.

    One query per utterance and side, a residual sum, and neither norm nor feed-forward after it; the two answers stand
    next to each other, text first. Source: Siriwardhana et al. 2020 and the released code, whose encoders feed their
    first state as query: set ``pooling: first`` for both to have exactly that.

    Args:
        speech_width: width of the speech encoder.
        text_width: width of the text encoder.
        heads: attention heads; divides both widths.
        layers: how often each side asks; later questions are the earlier answers.
        dropout: on each answer before the residual sum.
        attention_dropout: on the attention weights.
    """

    def __init__(
        self,
        speech_width: int,
        text_width: int,
        *,
        heads: int = 2,
        layers: int = 1,
        dropout: float = 0.1,
        attention_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if not speech_width or not text_width:
            raise ValueError("co-attention needs a speech and a text encoder; use Shallow with one encoder")
        require("model.fusion.init_args.heads", heads, heads >= 1, "1 or more")
        require("model.fusion.init_args.layers", layers, layers >= 1, "1 or more")
        for name, share in (("dropout", dropout), ("attention_dropout", attention_dropout)):
            require(f"model.fusion.init_args.{name}", share, 0 <= share < 1, "a share from 0 to below 1")
        if speech_width % heads or text_width % heads:
            raise ValueError(f"{heads} heads do not divide the encoders' widths {speech_width} and {text_width}")
        self.width = speech_width + text_width

        def ask(query_width: int, key_width: int) -> nn.ModuleList:
            return nn.ModuleList(
                _CrossAttention(query_width, key_width, heads, dropout, attention_dropout) for _ in range(layers)
            )

        self.text_asks_speech = ask(text_width, speech_width)
        self.speech_asks_text = ask(speech_width, text_width)

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, text_width + speech_width)."""
        if speech is None or text is None:
            raise ValueError("co-attention needs speech and text")
        text_answer, speech_answer = text.summary, speech.summary
        for layer in self.text_asks_speech:
            text_answer = layer(text_answer, speech)
        for layer in self.speech_asks_text:
            speech_answer = layer(speech_answer, text)
        return torch.cat([text_answer, speech_answer], dim=-1)


class _CrossAttention(nn.Module):
    """One question (B, D) to all real states of the other side, added to the question."""

    def __init__(self, width: int, key_width: int, heads: int, dropout: float, attention_dropout: float) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(
            width, heads, dropout=attention_dropout, kdim=key_width, vdim=key_width, batch_first=True
        )
        self.dropout = nn.Dropout(dropout)
        for name, parameter in self.attention.named_parameters():
            nn.init.zeros_(parameter) if name.endswith("bias") else nn.init.normal_(parameter, std=0.02)

    def forward(self, query: Tensor, other: Encoded) -> Tensor:
        """Return (B, D)."""
        answer, _ = self.attention(
            query.unsqueeze(1), other.states, other.states, key_padding_mask=~other.mask, need_weights=False
        )
        return cast(Tensor, query + self.dropout(answer.squeeze(1)))
