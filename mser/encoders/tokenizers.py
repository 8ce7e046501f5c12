"""Tokenizers of pretrained text encoders, checked against the model that they are to feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mser.errors import UserError


class PretrainedTokenizer:
    """A transformers tokenizer behind our face: padding on the right, one token at least.

    Args:
        tokenizer: as AutoTokenizer gives it; its padding is set here.
        name: of the encoder, for messages.

    Raises:
        UserError: if it has neither a token to pad with nor one that ends a text.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        self.tokenizer = tokenizer
        tokenizer.padding_side = "right"  # so that the first state is a token's, and a causal model sees no padding
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
        if tokenizer.pad_token is None:
            raise UserError(f"the tokenizer of {name!r} has no token to pad with; choose another text encoder")

    def __call__(self, transcripts: Sequence[str], max_tokens: int) -> tuple[Tensor, Tensor]:
        """Return ids (B, L) and mask (B, L); a cut transcript keeps its closing token."""
        batch = self.tokenizer(
            list(transcripts), padding=True, truncation=True, max_length=max_tokens, return_tensors="pt"
        )
        ids, mask = batch["input_ids"].long(), batch["attention_mask"].to(torch.bool)
        if not ids.shape[1]:  # tokenizers of causal models add nothing to an empty text
            ids = torch.full((len(transcripts), 1), int(self.tokenizer.pad_token_id))
            mask = torch.zeros_like(ids, dtype=torch.bool)
        mask[:, 0] |= ~mask.any(1)
        return ids, mask

    def words(self) -> list[int]:
        """Return the ids of what is no special token, least first."""
        special = set(self.tokenizer.all_special_ids)
        return sorted(number for number in self.tokenizer.get_vocab().values() if number not in special)


def require_fitting(tokenizer: PretrainedTokenizer, config: Any, rows: int, name: str, *, causal: bool) -> None:
    """Refuse a tokenizer without words, or one of another model.

    Args:
        tokenizer: to look at.
        config: of the model.
        rows: of its table of embeddings.
        name: of the encoder, for messages.
        causal: the model never looks at its padding, so that any token will do for it.

    Raises:
        UserError: for such a tokenizer.
    """
    words, pad = tokenizer.words(), getattr(config, "pad_token_id", None)
    advice = "copy the tokenizer's files (tokenizer.json, or the vocabulary) from where the model is from"
    if not words:
        raise UserError(f"the tokenizer of {name!r} has no words: its vocabulary is not in the folder; {advice}")
    if words[-1] >= rows:
        difference = f"it has ids up to {words[-1]}, the model {rows} embeddings"
        raise UserError(f"the tokenizer of {name!r} is of another model: {difference}; {advice}")
    if not causal and pad is not None and pad != tokenizer.tokenizer.pad_token_id:
        difference = f"it pads with {tokenizer.tokenizer.pad_token_id}, the model expects {pad}"
        raise UserError(f"the tokenizer of {name!r} is of another model: {difference}; {advice}")


def three(ids: Sequence[int]) -> list[int]:
    """Return three tokens, the first and the last of which differ where there are two.

    Example:
        >>> three([5, 6, 7, 8]), three([4])
        ([5, 7, 8], [4, 4, 4])
    """
    return [ids[0], ids[len(ids) // 2], ids[-1]]
