"""From the two encoders' outputs to one vector per utterance. A new fusion is one more class here."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn

from mser.encoders.outputs import Encoded
from mser.encoders.pooling import weighted_statistics
from mser.errors import require


class Fusion(nn.Module):
    """Turns what speech and text encoders say of an utterance into one vector.

    Where an utterance lacks a side (`modality_dropout`), that side comes as zeros, states and summary: it tells nothing
    of the utterance, and its encoder learns nothing from it.

    Attributes:
        width: D, the size of the vector.
        reads_states: whether it looks at the states, or at the summaries alone, which take less room where they are
            kept.
    """

    width: int
    reads_states = True

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, D); a side that the model does not have is None."""
        raise NotImplementedError


class Shallow(Fusion):
    """The paper's simple fusion: the summaries of both sides, text first, next to each other.

    With one side only it is that side's summary, so a unimodal model is the same model with an encoder less.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
    """

    reads_states = False

    def __init__(self, speech_width: int, text_width: int) -> None:
        super().__init__()
        self.width = speech_width + text_width

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, text_width + speech_width)."""
        return torch.cat([side.summary for side in (text, speech) if side is not None], dim=-1)


class Projection(Fusion):
    """A layer on the summaries: what published classifiers have between their mean and their last layer.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
        width: of the vector.
        activation: ``tanh``, or ``none``.
        dropout: on the summaries.
    """

    reads_states = False

    def __init__(
        self,
        speech_width: int,
        text_width: int,
        *,
        width: int = 256,
        activation: Literal["none", "tanh"] = "none",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.width = width
        self.dropout = nn.Dropout(dropout)
        self.layer = nn.Linear(speech_width + text_width, width)
        self.activation = nn.Tanh() if activation == "tanh" else nn.Identity()

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, width)."""
        summaries = torch.cat([side.summary for side in (text, speech) if side is not None], dim=-1)
        return cast(Tensor, self.activation(self.layer(self.dropout(summaries))))


class AttentiveStatistics(Fusion):
    """Mean and spread of each side's states, weighted by attention, then layers with norm and ReLU.

    Source: Okabe et al. 2018, arXiv 1803.10963, as in the WavLM baselines of the Odyssey 2024 emotion challenge.

    Args:
        speech_width: width of the speech encoder; 0 where there is none.
        text_width: width of the text encoder; 0 where there is none.
        width: of each layer, and of the vector.
        layers: how many.
        dropout: on the statistics, and behind each layer.
    """

    def __init__(
        self, speech_width: int, text_width: int, *, width: int = 256, layers: int = 1, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.width = width
        sides = {side: size for side, size in (("text", text_width), ("speech", speech_width)) if size}
        self.hidden = nn.ModuleDict({side: nn.Linear(size, size) for side, size in sides.items()})
        self.scores = nn.ModuleDict({side: nn.Linear(size, 1, bias=False) for side, size in sides.items()})
        widths = [2 * sum(sides.values()), *[width] * layers]
        self.layers = nn.Sequential(nn.Dropout(dropout))
        for before, after in pairwise(widths):
            self.layers.append(
                nn.Sequential(nn.Linear(before, after), nn.LayerNorm(after), nn.ReLU(), nn.Dropout(dropout))
            )

    def forward(self, speech: Encoded | None, text: Encoded | None) -> Tensor:
        """Return (B, width)."""
        sides = {"text": text, "speech": speech}
        statistics = [self._of(side, sides[side]) for side in self.hidden]
        return cast(Tensor, self.layers(torch.cat(statistics, dim=-1)))

    def _of(self, side: str, encoded: Encoded | None) -> Tensor:
        if encoded is None:
            raise ValueError(f"attentive statistics need {side}")
        scores = self.scores[side](torch.tanh(self.hidden[side](encoded.states))).squeeze(-1)
        return weighted_statistics(encoded.states, scores, encoded.mask)


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
