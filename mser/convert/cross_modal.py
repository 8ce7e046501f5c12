"""The paper's cross-modal layers and head in this project's names."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

SIDES = {"text_asks_speech": "layers_ta", "speech_asks_text": "layers_at"}
CROSS_LAYERS = "decoder.sentence_encoder."
HEAD = "classification_heads.emotion_classification_head.out_proj."


def load_fusion(fusion: nn.Module, head: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy a fine-tuned model's cross layers and head into ours.

    Args:
        fusion: a `CoAttention`, or a fusion without weights.
        head: what ends in one linear layer.
        weights: by the released code's names, with or without what these begin with in a whole checkpoint.

    Raises:
        KeyError: if one of them is missing.
        RuntimeError: if one has another shape.
    """
    named = {name.removeprefix(CROSS_LAYERS): tensor for name, tensor in weights.items()}
    fusion.load_state_dict(
        {
            f"{module}.{name}": tensor
            for module, attention in fusion.named_modules()
            if isinstance(attention, nn.MultiheadAttention)
            for name, tensor in _attention(named, _fairseq_name(module), fused=attention.in_proj_weight is not None)
        }
    )
    linear = [module for module in head.modules() if isinstance(module, nn.Linear)][-1]
    linear.load_state_dict({kind: named[HEAD + kind] for kind in ("weight", "bias")})


def _fairseq_name(module: str) -> str:
    """Return the released code's name of ``text_asks_speech.0.attention``."""
    side, layer, _ = module.split(".")
    return f"{SIDES[side]}.{layer}.self_cross_attn"


def _attention(weights: Mapping[str, Tensor], name: str, *, fused: bool) -> list[tuple[str, Tensor]]:
    """Return torch's tensors of one attention: it keeps the three biases, and equally wide projections, in one."""
    matrices, biases = ([weights[f"{name}.{letter}_proj.{kind}"] for letter in "qkv"] for kind in ("weight", "bias"))
    separate = [(f"{letter}_proj_weight", matrix) for letter, matrix in zip("qkv", matrices, strict=True)]
    return [
        *([("in_proj_weight", torch.cat(matrices))] if fused else separate),
        ("in_proj_bias", torch.cat(biases)),
        *((f"out_proj.{kind}", weights[f"{name}.out_proj.{kind}"]) for kind in ("weight", "bias")),
    ]
