"""The classifiers on top of published encoders, as our parts: which layout it is, and which weight goes where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mser.convert.transformers_checkpoint import Published
from mser.errors import UserError
from mser.objectives import Objective

_PREFIXES = {
    "wav2vec2": "wav2vec2.",
    "wav2vec2-conformer": "wav2vec2_conformer.",
    "hubert": "hubert.",
    "wavlm": "wavlm.",
    "unispeech": "unispeech.",
    "unispeech-sat": "unispeech_sat.",
    "data2vec-audio": "data2vec_audio.",
    "wav2vec2-bert": "wav2vec2_bert.",
    "whisper": "encoder.",
}
"""What the names of the encoder's weights begin with, by transformers' model type."""
_OTHER_TASKS = {
    "ForCTC": "writes down what is said",
    "ForConditionalGeneration": "writes down what is said",
    "ForXVector": "tells speakers apart",
    "ForAudioFrameClassification": "labels frames, such as who speaks when",
    "ForPreTraining": "was pretrained and never told of emotion: name it as encoder (model.speech.name)",
    "ForMaskedLM": "reads text",
    "ForCausalLM": "writes text",
}
ODYSSEY = "ser"
"""The model type that the baselines of the Odyssey 2024 challenge state."""


@dataclass(frozen=True)
class Head:
    """What stands on the encoder.

    Attributes:
        layout: what it is called.
        prefix: what the names of the encoder's weights begin with in the checkpoint.
        fusion: class and options, as a model folder has them.
        weights: of everything but the encoder's backbone, by our names; `classifier` puts the last layer beside them.
        last: weight (C, D) and bias (C,) of the last layer.
        layer_sum: whether it hears a weighted sum of all layers.
    """

    layout: str
    prefix: str
    fusion: dict[str, Any]
    weights: dict[str, Tensor]
    last: tuple[Tensor, Tensor]
    layer_sum: bool = False

    def classifier(self, objective: type[Objective]) -> dict[str, Tensor]:
        """Return the last layer by our names; where each label is asked for apart, `OneVsRest` wants a pair of each."""
        weight, bias = self.last
        if objective.__name__ == "OneVsRest":  # softmax of (0, x) is the sigmoid of x
            weight, bias = (torch.stack([torch.zeros_like(one), one], 1).flatten(0, 1) for one in (weight, bias))
        return {"head.1.weight": weight, "head.1.bias": bias}


def read_head(published: Published) -> Head:
    """Return the classifier of a checkpoint.

    Raises:
        UserError: if it has none, one of another task, or one whose weights are not all there.
    """
    kind = str(published.config.get("model_type"))
    if kind == ODYSSEY:
        return _odyssey(published)
    if kind not in _PREFIXES:
        raise UserError(
            f"{published.name} is a {kind} model, of which no classifier of speech is known here; expected one of "
            f"{', '.join(_PREFIXES)}"
        )
    for ending, does in _OTHER_TASKS.items():
        if any(str(name).endswith(ending) for name in published.config.get("architectures") or ()):
            raise UserError(
                f"{published.name} {does}: it is no classifier of emotion; convert one that was trained as such"
            )
    if "classifier.dense.weight" in published.weights:
        return _dense(published, _PREFIXES[kind])
    return _sequence(published, _PREFIXES[kind])


def _sequence(published: Published, prefix: str) -> Head:
    """Return transformers' own: projector, mean over frames, classifier; a linear layer and a mean change places."""
    summed = bool(published.config.get("use_weighted_layer_sum"))
    names = {"fusion.layer.weight": "projector.weight", "fusion.layer.bias": "projector.bias"}
    names |= {"speech.layer_sum.weights": "layer_weights"} if summed else {}
    weights = _taken(published, names | {"weight": "classifier.weight", "bias": "classifier.bias"})
    last = weights.pop("weight"), weights.pop("bias")
    fusion = {"class": "Projection", "options": {"width": len(weights["fusion.layer.bias"])}}
    return Head("transformers' classifier", prefix, fusion, weights, last, summed)


def _dense(published: Published, prefix: str) -> Head:
    """Return audEERING's: mean over frames, dense, tanh, out_proj."""
    if (pooling := published.config.get("pooling_mode", "mean")) != "mean":
        raise UserError(f"{published.name} pools by {pooling!r}, which is not known here; expected mean")
    names = {"fusion.layer.weight": "classifier.dense.weight", "fusion.layer.bias": "classifier.dense.bias"}
    weights = _taken(published, names | {"weight": "classifier.out_proj.weight", "bias": "classifier.out_proj.bias"})
    last = weights.pop("weight"), weights.pop("bias")
    options = {"width": len(weights["fusion.layer.bias"]), "activation": "tanh"}
    return Head("dense, tanh, out_proj", prefix, {"class": "Projection", "options": options}, weights, last)


def _odyssey(published: Published) -> Head:
    """Return the Odyssey 2024 baselines': attentive statistics, then layers with norm and ReLU."""
    layers = int(published.config.get("classifier_hidden_layers", 1))
    names = {
        "fusion.hidden.speech.weight": "pool_model.sap_linear.weight",
        "fusion.hidden.speech.bias": "pool_model.sap_linear.bias",
        "fusion.scores.speech.weight": "pool_model.attention",
    }
    for layer in range(layers):
        for place in (0, 1):
            for what in ("weight", "bias"):
                names[f"fusion.layers.{layer + 1}.{place}.{what}"] = f"ser_model.fc.{layer}.{place}.{what}"
    weights = _taken(published, names | {"weight": "ser_model.out.0.weight", "bias": "ser_model.out.0.bias"})
    last = weights.pop("weight"), weights.pop("bias")
    weights["fusion.scores.speech.weight"] = weights["fusion.scores.speech.weight"].T
    options = {"width": last[0].shape[1], "layers": layers}
    fusion = {"class": "AttentiveStatistics", "options": options}
    return Head("Odyssey 2024 baseline", "ssl_model.", fusion, weights, last)


def _taken(published: Published, names: Mapping[str, str]) -> dict[str, Tensor]:
    """Return weights by our names.

    Raises:
        UserError: if some are missing: transformers would make them up at random, and the model would answer anything.
    """
    missing = sorted({theirs for theirs in names.values() if theirs not in published.weights})
    if not missing:
        return {ours: published.weights[theirs] for ours, theirs in names.items()}
    prefix = _PREFIXES.get(str(published.config.get("model_type")), "ssl_model.")
    others = sorted(name for name in published.weights if not name.startswith(prefix))
    instead = f"; it has {', '.join(others[:6])} instead" if others else ""
    raise UserError(
        f"{published.name} lacks the weights {', '.join(missing)} of its classifier{instead}: transformers would fill "
        f"them at random, so that its answers would mean nothing; convert a checkpoint that has them"
    )
