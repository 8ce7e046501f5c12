"""The WavLM of the Odyssey 2024 challenge's baselines, whose settings name the WavLM that they began with, no more."""

from __future__ import annotations

from typing import Any

from mser.convert.transformers_checkpoint import Published
from mser.errors import UserError

LABELS = {
    3: ["arousal", "dominance", "valence"],
    8: ["Angry", "Sad", "Happy", "Surprise", "Fear", "Disgust", "Contempt", "Neutral"],
}
"""The answers of the published ones, by how many they are."""
_STRIDES = (5, 2, 2, 2, 2, 2, 2)  # of every published WavLM


def config_of(published: Published) -> Any:
    """Return the WavLM's settings, as its weights show them.

    Raises:
        UserError: if the checkpoint holds no WavLM.
    """
    from transformers import WavLMConfig

    weights = published.under("ssl_model.")
    convolutions = [name for name in weights if name.endswith(".conv.weight") and "conv_layers" in name]
    try:
        fronts = [
            weights[f"feature_extractor.conv_layers.{layer}.conv.weight"].shape for layer in range(len(convolutions))
        ]
        position = next(
            weight for name, weight in weights.items() if name.endswith(("conv.weight_v", "weight.original1"))
        )
        buckets = weights["encoder.layers.0.attention.rel_attn_embed.weight"].shape[0]
        within = weights["encoder.layers.0.feed_forward.intermediate_dense.bias"].shape[0]
        width, heads, layers = (
            int(published.config[name]) for name in ("hidden_size", "num_attention_heads", "num_hidden_layers")
        )
    except (KeyError, StopIteration, ValueError, TypeError) as error:
        raise UserError(
            f"{published.name} says that it is a model of the Odyssey 2024 challenge, but holds no WavLM (no {error})"
        ) from error
    large = "feature_extractor.conv_layers.1.layer_norm.weight" in weights
    return WavLMConfig(
        hidden_size=width,
        num_attention_heads=heads,
        num_hidden_layers=layers,
        intermediate_size=within,
        conv_dim=[shape[0] for shape in fronts],
        conv_kernel=[shape[2] for shape in fronts],
        conv_stride=_STRIDES[: len(fronts)],
        conv_bias="feature_extractor.conv_layers.0.conv.bias" in weights,
        feat_extract_norm="layer" if large else "group",
        do_stable_layer_norm=large,
        num_conv_pos_embeddings=position.shape[2],
        num_conv_pos_embedding_groups=width // position.shape[1],
        num_buckets=buckets,
    )
