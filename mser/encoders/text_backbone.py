"""The backbone over tokens: any transformers text encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from mser.encoders.backbone import Backbone

Tokenizer = Callable[[Sequence[str], int], tuple[Tensor, Tensor]]
"""From transcripts and the most tokens allowed to ids (B, L) and mask (B, L)."""


class TextBackbone(Backbone):
    """A pretrained text transformer without its pooler, and how its input is made.

    Args:
        model: a transformers encoder.
        tokenizer: from transcripts to ids and mask.
        max_tokens: the longest input that the model has positions for.

    Attributes:
        causal: no state sees the tokens behind it, so that the first one has seen nothing.
        summable: its layers' states can be summed.
        unused: parameters on which no state depends.
    """

    def __init__(self, model: Any, tokenizer: Tokenizer, *, max_tokens: int) -> None:
        super().__init__()
        self.width: int = model.config.hidden_size
        self.model = model
        self.model.pooler = None  # parameters that get no gradient would stop distributed training
        self.model.config.use_cache = False  # keys that are kept would be met again when layers are recomputed
        fix_single_segment(model)
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.blocks = _transformer_layers(model)
        self.front: list[nn.Module] = []

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, L, D) of the last layer and the mask (B, L) as it came."""
        return self.model(input_ids=tokens, attention_mask=mask.long()).last_hidden_state, mask


def fix_single_segment(model: Any) -> None:
    """Make the segment embedding of a model with one segment a constant, in place.

    RoBERTa has no segments; transformers gives its models a row of zeros that is added to every token. Were it trained,
    fine-tuning would be that of a slightly different model.
    """
    table = getattr(getattr(model, "embeddings", None), "token_type_embeddings", None)
    if table is not None and table.num_embeddings == 1:
        row = table.weight.detach()
        del table.weight
        table.register_buffer("weight", row)


def _transformer_layers(model: nn.Module) -> nn.ModuleList:
    """Return the layers, whatever a family calls them: the largest list of modules there is."""
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    return max(lists, key=lambda layers: sum(p.numel() for p in layers.parameters()))
