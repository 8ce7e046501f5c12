"""A RoBERTa of fairseq in the names and settings of Hugging Face's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from mser.convert.checkpoint import Checkpoint
from mser.errors import UserError

# Where the released code keeps its two encoders in a fine-tuned checkpoint.
SPEECH_PART, TEXT_PART = "roberta_vqwav2vec.model.", "model_text2vec.model."
MARGIN = 2  # fairseq's table has rows for the positions 0 and 1, which no real token takes
ACTIVATIONS = {"gelu": "gelu", "relu": "relu", "gelu_accurate": "gelu_new", "gelu_fast": "gelu_new"}
# Settings that Hugging Face's RoBERTa cannot express.
ABSENT = ("activation_dropout", "encoder_layerdrop")
KNOWN_HEADS = {768: 12, 1024: 16}

EMBEDDINGS = {
    "embed_tokens": "word_embeddings",
    "embed_positions": "position_embeddings",
    "emb_layer_norm": "LayerNorm",
    "layernorm_embedding": "LayerNorm",
}
LAYER = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.out_proj": "attention.output.dense",
    "self_attn_layer_norm": "attention.output.LayerNorm",
    "fc1": "intermediate.dense",
    "fc2": "output.dense",
    "final_layer_norm": "output.LayerNorm",
}
HEAD = {"lm_head.dense": "lm_head.dense", "lm_head.layer_norm": "lm_head.layer_norm", "lm_head": "lm_head"}


def hugging_face_name(name: str) -> str | None:
    """Return Hugging Face's name of a RoBERTa tensor, from fairseq's below its encoder; None for an unknown one.

    Example:
        >>> hugging_face_name("sentence_encoder.layers.3.self_attn.q_proj.bias")
        'roberta.encoder.layer.3.attention.self.query.bias'
    """
    module, _, kind = name.removeprefix("sentence_encoder.").rpartition(".")
    if module in EMBEDDINGS:
        return f"roberta.embeddings.{EMBEDDINGS[module]}.{kind}"
    if module in HEAD:
        return f"{HEAD[module]}.{kind}"
    layer = re.fullmatch(r"layers\.(\d+)\.(.+)", module)
    if layer and layer[2] in LAYER:
        return f"roberta.encoder.layer.{layer[1]}.{LAYER[layer[2]]}.{kind}"
    return None


def convert_roberta(checkpoint: Checkpoint, part: str, *, heads: int | None = None) -> tuple[Any, dict[str, Tensor]]:
    """Return the `transformers.RobertaConfig` and the weights of a RoBERTa, checked for completeness.

    Args:
        checkpoint: of the RoBERTa itself, or of a fine-tuned model of the paper's code that contains it.
        part: `SPEECH_PART` or `TEXT_PART`: which encoder of a fine-tuned model is meant.
        heads: attention heads; needed where the checkpoint does not tell them.

    Raises:
        UserError: if there is no such encoder, something of it is missing, or something would be lost.
    """
    prefix, is_whole = _prefix(checkpoint, part)
    below = {k.removeprefix(prefix): v for k, v in checkpoint.weights.items() if k.startswith(prefix)}
    weights = dict(_renamed(checkpoint, below))
    tied = weights.pop("lm_head.weight", None)
    if tied is not None and not torch.equal(tied, weights["roberta.embeddings.word_embeddings.weight"]):
        raise UserError(f"{str(checkpoint.path)!r} has an output layer of its own, expected the embedding's weights")
    config = _config(
        checkpoint, weights, heads if heads or is_whole else int(_setting(checkpoint, "encoder_attention_heads"))
    )
    # RoBERTa has no segments; Hugging Face's adds one row to every token.
    weights["roberta.embeddings.token_type_embeddings.weight"] = torch.zeros(1, config.hidden_size)
    _check_shapes(checkpoint, config, weights)
    return config, weights


def _prefix(checkpoint: Checkpoint, part: str) -> tuple[str, bool]:
    """Return what the encoder's names begin with, and whether it is a part of a fine-tuned model."""
    for whole in (part, ""):
        for side in ("decoder.", "encoder."):
            if f"{whole}{side}sentence_encoder.embed_tokens.weight" in checkpoint.weights:
                return whole + side, bool(whole)
    raise UserError(
        f"{str(checkpoint.path)!r} has no RoBERTa: expected sentence_encoder.embed_tokens.weight below 'decoder.' or "
        f"'encoder.', found {', '.join(list(checkpoint.weights)[:2])}, ...; is it the vq-wav2vec checkpoint?"
    )


def _renamed(checkpoint: Checkpoint, below: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in _split(below):
        renamed = hugging_face_name(name)
        if renamed is not None:
            yield renamed, tensor
        elif not re.search(r"(^|\.)version$|_float_tensor$|^classification_heads\.", name):
            raise UserError(
                f"{str(checkpoint.path)!r} has {name!r}, which a RoBERTa has no place for: expected a plain one; "
                "convert the model it was made from"
            )


def _split(weights: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor, the fused projections of 2019 in three: query, key, value."""
    for name, tensor in weights.items():
        fused = re.fullmatch(r"(.+\.self_attn\.)in_proj_(weight|bias)", name)
        if fused:
            for letter, piece in zip("qkv", tensor.chunk(3), strict=True):
                yield f"{fused[1]}{letter}_proj.{fused[2]}", piece.contiguous()
        else:
            yield name, tensor


def _config(checkpoint: Checkpoint, weights: Mapping[str, Tensor], heads: int | None) -> Any:
    from transformers import RobertaConfig

    lost = [name for name in ABSENT if checkpoint.settings.get(name)]
    if lost:
        raise UserError(
            f"{str(checkpoint.path)!r} was trained with {lost[0]}, which Hugging Face's RoBERTa does not have"
        )
    try:
        rows, width = weights["roberta.embeddings.word_embeddings.weight"].shape
        positions = len(weights["roberta.embeddings.position_embeddings.weight"])
        feed_forward = len(weights["roberta.encoder.layer.0.intermediate.dense.weight"])
    except KeyError as error:
        raise UserError(f"{str(checkpoint.path)!r} lacks {error.args[0]}; download it again") from error
    return RobertaConfig(
        vocab_size=rows,
        hidden_size=width,
        num_hidden_layers=1
        + max(int(m[1]) for m in map(re.compile(r"roberta\.encoder\.layer\.(\d+)").match, weights) if m),
        num_attention_heads=_heads(checkpoint, width, heads),
        intermediate_size=feed_forward,
        hidden_act=_activation(checkpoint),
        max_position_embeddings=positions,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        hidden_dropout_prob=checkpoint.settings.get("dropout", 0.1),
        attention_probs_dropout_prob=checkpoint.settings.get("attention_dropout", 0.1),
        architectures=["RobertaForMaskedLM" if "lm_head.bias" in weights else "RobertaModel"],
    )


def _heads(checkpoint: Checkpoint, width: int, heads: int | None) -> int:
    heads = heads or KNOWN_HEADS.get(width)
    if not heads or width % heads:
        raise UserError(
            f"{str(checkpoint.path)!r} has an encoder of width {width} and {heads or 'an unknown number of'} attention "
            "heads, which must divide it; give their number with --heads"
        )
    return heads


def _activation(checkpoint: Checkpoint) -> str:
    name = checkpoint.settings.get("activation_fn", "gelu")
    if name not in ACTIVATIONS:
        raise UserError(
            f"{str(checkpoint.path)!r} has the activation {name!r}, expected one of {', '.join(ACTIVATIONS)}"
        )
    return ACTIVATIONS[name]


def _setting(checkpoint: Checkpoint, name: str) -> Any:
    if name not in checkpoint.settings:
        raise UserError(
            f"{str(checkpoint.path)!r} does not say its {name}, which fairseq keeps in 'args'; give --heads"
        )
    return checkpoint.settings[name]


def _check_shapes(checkpoint: Checkpoint, config: Any, weights: Mapping[str, Tensor]) -> None:
    """Raise unless the weights are exactly those of a model with this config."""
    from transformers import RobertaForMaskedLM

    with torch.device("meta"):
        model = RobertaForMaskedLM(config).state_dict()
    has_head = "lm_head.bias" in weights
    expected = {
        k: v.shape for k, v in model.items() if "decoder." not in k and (has_head or not k.startswith("lm_head"))
    }
    shapes = {name: tensor.shape for name, tensor in weights.items()}
    for name in sorted(expected | shapes):
        if expected.get(name) != shapes.get(name):
            raise UserError(
                f"{str(checkpoint.path)!r} does not fit a RoBERTa at {name!r}: found {_shape(shapes.get(name))}, "
                f"expected {_shape(expected.get(name))}; download it again"
            )


def _shape(shape: torch.Size | None) -> str:
    return "nothing" if shape is None else "x".join(map(str, shape))
