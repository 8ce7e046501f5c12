"""The speech encoder and the text encoder: a pretrained backbone, what of it is trained, and how it is summarised."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from mser.encoders.backbone import Backbone, require_backbone
from mser.encoders.listening import Standardised, chosen_layer, require_fixed, require_summable
from mser.encoders.outputs import Encoded, Kept
from mser.encoders.pooling import LayerSum, Pooling, PoolingKind
from mser.encoders.pretrained import Tokenizer, pretrained, speech_backbone, text_backbone
from mser.encoders.sentence import own_pooling
from mser.encoders.tuning import Tune, choose_trained, layers_above, recompute
from mser.errors import UserError, require

log = logging.getLogger(__name__)


class _Encoder(nn.Module):
    """What the two encoders share.

    Attributes:
        width: D of states and summary.
        frozen: nothing of the backbone is trained, and it runs without dropout and without a graph.
        layer: whose states are taken, from 0, what enters the first layer; all are summed where there is a `layer_sum`.
        standardised: what brings them to mean 0 and deviation 1 over the training part; None where nothing does.
        layer_decay: share of the learning rate from each layer to the one beneath it.
    """

    def __init__(
        self,
        backbone: Backbone,
        name: str | Backbone,
        *,
        side: Literal["speech", "text"],
        pooling: PoolingKind,
        layer_sum: bool,
        layer: int | None,
        standardise: bool | None,
        tune: Tune,
        freeze_front: bool,
        lora_rank: int,
        layer_decay: float,
        checkpointing: bool,
    ) -> None:
        super().__init__()
        require("layer_decay", layer_decay, 0 < layer_decay <= 1, "a share above 0, at most 1")
        require_backbone(backbone)
        self.width = backbone.width
        self.backbone = backbone
        self.frozen = tune == "frozen"
        self.pooling = Pooling(pooling, self.width)
        if layer_sum:
            require_summable(backbone, name, side, layer)
        self.layer_sum = LayerSum(len(backbone.blocks) + 1) if layer_sum else None
        self.layer = chosen_layer(backbone, layer, side, frozen=self.frozen)
        require_fixed(standardise, side, frozen=self.frozen)
        scaled = self.frozen and standardise is not False
        self.standardised = Standardised(len(backbone.blocks) + 1 if layer_sum else 1, self.width) if scaled else None
        self.layer_decay = layer_decay
        choose_trained(backbone, tune, freeze_front=freeze_front, lora_rank=lora_rank)
        for parameter in backbone.unused:  # one without a gradient would stop distributed training
            parameter.requires_grad_(False)
        if checkpointing:
            recompute(backbone.blocks)
        self.train()  # transformers loads models without dropout, and Lightning leaves them as they are

    def train(self, mode: bool = True) -> _Encoder:
        """Set training mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def encode(self, *inputs: Tensor) -> Encoded:
        """Return states (B, T, D), their mask (B, T) and summary (B, D)."""
        layers, mask = self._layers(*inputs)
        return self._encoded(self._heard(layers), mask)

    def encode_kept(self, kept_states: Kept) -> Encoded:
        """Return what `encode` would, to half precision, of the inputs that are kept; the backbone does nothing."""
        states = kept_states.states.to(next(self.backbone.parameters()).dtype)
        return self._encoded(list(states.unbind(2)), kept_states.mask)

    @torch.no_grad()
    def to_keep(self, *inputs: Tensor, pooled: bool) -> Tensor:
        """Return (T, L, D) of the one utterance of a batch: all that is ever asked of a frozen backbone.

        Args:
            inputs: as the encoder takes them.
            pooled: pool each layer right away, so that T is 1: where the pooling learns nothing and only the summary
                is asked for, since the mean of a sum of layers is the sum of their means.
        """
        with torch.autocast(inputs[0].device.type, enabled=False):
            layers, mask = self._layers(*inputs)
            rows = [self.pooling(states, mask) if pooled else states[mask] for states in self._heard(layers)]
        return torch.stack(rows, dim=1)

    def _heard(self, layers: list[Tensor]) -> list[Tensor]:
        """Return of all layers' states those that anything is made of."""
        return layers if self.layer_sum is not None else [layers[self.layer]]

    def _layers(self, *inputs: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return (B, T, D) of the embedding and of each layer, and their mask (B, T)."""
        with (
            torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen),
            _inputs_of(self.backbone.blocks) as seen,
        ):
            states, mask = self.backbone(*inputs)
        return [*seen, states], mask

    def _encoded(self, layers: list[Tensor], mask: Tensor) -> Encoded:
        if self.standardised is not None:
            layers = self.standardised(layers)
        states = self.layer_sum(layers) if self.layer_sum is not None else layers[0]
        return Encoded(states, mask, self.pooling(states, mask))

    def by_depth(self) -> dict[int, list[nn.Parameter]]:
        """Return what of the backbone is trained, by how many layers lie above; all at 0 without `layer_decay`."""
        trained = [parameter for parameter in self.backbone.parameters() if parameter.requires_grad]
        depths = layers_above(self.backbone.blocks, trained) if self.layer_decay != 1 else [0] * len(trained)
        return {
            depth: [parameter for parameter, own in zip(trained, depths, strict=True) if own == depth]
            for depth in sorted(set(depths))
        }


class SpeechEncoder(_Encoder):
    """A pretrained encoder of 16 kHz speech.

    Args:
        name: a Hugging Face id or local folder (wav2vec 2.0, its Conformer, MMS, HuBERT, WavLM, data2vec-audio,
            UniSpeech, SEW, SEW-D, Wav2Vec2-BERT, Whisper, AST), a folder that ``mser convert speech-bert`` or
            ``emotion2vec`` made, or ``tiny``: small, random, nothing to download; or a
            `mser.encoders.backbone.Backbone` of another package.
        pooling: how states become one vector: ``mean``, ``first`` (the paper's) or ``attention``.
        layer_sum: learn a weighted sum over all layers instead of taking one.
        layer: of a frozen encoder, whose states are taken: 1 is the first layer, 0 what enters it, -1 the last, as
            negative ones count from the end. When null the layer at two thirds of the depth, and the last of an encoder
            that is trained.
        standardise: of a frozen encoder: bring states to mean 0 and deviation 1 over the training part; when null too.
        tune: ``full``, ``frozen``, how many of the last layers are trained, or ``lora``: low-rank additions to the
            linear layers of all layers, which want a higher learning rate (1e-4, say).
        lora_rank: of these additions.
        layer_decay: learning rate of each layer over that of the one above it; what is beneath the layers comes
            last; in (0, 1].
        checkpointing: compute the layers again in the backward pass: less memory, about a third more time.
        freeze_front: keep the convolutional front as it was pretrained, as is usual in fine-tuning.
        adapter: the language whose adapters are used of an encoder that has them for many, such as ``fra`` of
            facebook/mms-1b-all (``adapter.fra.safetensors``); those in its own weights when null.

    Example:
        >>> encoder = SpeechEncoder("tiny").eval()
        >>> encoder(torch.randn(2, 16000), torch.tensor([16000, 12000])).summary.shape
        torch.Size([2, 64])
    """

    def __init__(
        self,
        name: str | Backbone,
        *,
        pooling: PoolingKind = "mean",
        layer_sum: bool = False,
        layer: int | None = None,
        standardise: bool | None = None,
        tune: Tune = "full",
        lora_rank: int = 8,
        layer_decay: float = 1.0,
        checkpointing: bool = False,
        freeze_front: bool = True,
        adapter: str | None = None,
    ) -> None:
        backbone = speech_backbone(name, adapter=adapter) if isinstance(name, str) else pretrained(name)
        super().__init__(
            backbone,
            name,
            side="speech",
            pooling=pooling,
            layer_sum=layer_sum,
            layer=layer,
            standardise=standardise,
            tune=tune,
            freeze_front=freeze_front and name != "tiny",
            lora_rank=lora_rank,
            layer_decay=layer_decay,
            checkpointing=checkpointing,
        )

    def forward(self, waveform: Tensor, lengths: Tensor) -> Encoded:
        """Encode clips; each gets the same output alone and in any batch.

        Args:
            waveform: (B, samples) at 16 kHz in [-1, 1], zeros behind each clip.
            lengths: (B,) samples of each clip.
        """
        return self.encode(waveform, lengths)


class TextEncoder(_Encoder):
    """A pretrained encoder of transcripts, with its tokenizer.

    Args:
        name: a Hugging Face id or local folder (BERT, RoBERTa, DeBERTa, MiniLM, ...) or ``tiny``: small, random,
            nothing to download; or a `mser.encoders.backbone.Backbone` of another package.
        pooling: how states become one vector: ``first`` (CLS; the paper's), ``last``, ``mean`` or ``attention``. When
            null what the folder of a sentence encoder says (``modules.json``), ``last`` for a model whose first token
            sees no other, or else ``first``.
        layer_sum: learn a weighted sum over all layers instead of taking one.
        layer: of a frozen encoder, whose states are taken: 1 is the first layer, 0 what enters it, -1 the last, as
            negative ones count from the end. When null the last.
        standardise: of a frozen encoder: bring states to mean 0 and deviation 1 over the training part; when null too.
        tune: ``full``, ``frozen``, how many of the last layers are trained, or ``lora``: low-rank additions to the
            linear layers of all layers, which want a higher learning rate (1e-4, say).
        lora_rank: of these additions.
        layer_decay: learning rate of each layer over that of the one above it; what is beneath the layers comes
            last; in (0, 1].
        checkpointing: compute the layers again in the backward pass: less memory, about a third more time.
        max_tokens: longer transcripts are cut, keeping the closing token; the paper's 512, or less where the model
            takes less.

    Example:
        >>> encoder = TextEncoder("tiny").eval()
        >>> encoder(*encoder.tokenize(["I am so happy!", "No."])).states.shape
        torch.Size([2, 6, 64])
    """

    def __init__(
        self,
        name: str | Backbone,
        *,
        pooling: PoolingKind | None = None,
        layer_sum: bool = False,
        layer: int | None = None,
        standardise: bool | None = None,
        tune: Tune = "full",
        lora_rank: int = 8,
        layer_decay: float = 1.0,
        checkpointing: bool = False,
        max_tokens: int = 512,
    ) -> None:
        require("max_tokens", max_tokens, max_tokens >= 2, "at least 2, an opening and a closing token")
        backbone = text_backbone(name) if isinstance(name, str) else pretrained(name)
        for needed in ("tokenizer", "max_tokens"):
            require(f"{type(backbone).__name__}.{needed}", None, hasattr(backbone, needed), "what reads transcripts")
        if pooling == "first" and backbone.causal:
            raise UserError(
                f"model.text.pooling is first, but the first token of {name!r} sees no other; give last or mean"
            )
        if pooling is None:
            own = own_pooling(name) if isinstance(name, str) else None
            pooling = own or ("last" if backbone.causal else "first")
            if pooling != "first":
                log.info("text: the states of %s are summarised by their %s", name, pooling)
        super().__init__(
            backbone,
            name,
            side="text",
            pooling=pooling,
            layer_sum=layer_sum,
            layer=layer,
            standardise=standardise,
            tune=tune,
            freeze_front=False,
            lora_rank=lora_rank,
            layer_decay=layer_decay,
            checkpointing=checkpointing,
        )
        self.tokenizer: Tokenizer = backbone.tokenizer
        self.max_tokens = min(max_tokens, backbone.max_tokens)

    def tokenize(self, transcripts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return token ids (B, L) and their mask (B, L), true at real tokens."""
        return self.tokenizer(transcripts, self.max_tokens)

    def forward(self, tokens: Tensor, mask: Tensor) -> Encoded:
        """Encode token ids (B, L) with their mask (B, L)."""
        return self.encode(tokens, mask)


@contextmanager
def _inputs_of(blocks: nn.ModuleList) -> Iterator[list[Tensor]]:
    """Collect what enters each layer: all hidden states but the last, in every family of models alike."""
    seen: list[Tensor] = []

    def collect(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        seen.append(args[0] if args else kwargs["hidden_states"])

    handles = [block.register_forward_pre_hook(collect, with_kwargs=True) for block in blocks]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
