"""A model that only hears as transformers' own classifier, so that its pipeline gives the same answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from mser.encoders.speech.wav2vec2 import FAMILIES
from mser.errors import UserError
from mser.export.onnx_check import answers, made_up
from mser.files.whole import new_folder
from mser.objectives import Distribution, OneVsRest, Regression
from mser.recognizer import EmotionRecognizer
from mser.use.model import Model, load
from mser.use.parts import foreign, has_files
from mser.use.rebuild import load_weights, rebuild
from mser.use.settings import Settings

CLOSE = 1e-4
"""The greatest difference of a probability or score from ours."""
_PROBLEMS = {
    "labels": "single_label_classification",
    "multi_label": "multi_label_classification",
    "scores": "regression",
}
_APPLIED = {"multi_label_classification": "sigmoid", "regression": "none"}
"""What the pipeline is told to make of the logits: earlier ones, of transformers 5.0 too, take a softmax of all."""
_THEIRS = {
    "convolutions": "feature_extractor.conv_layers",
    "projection": "feature_projection",
    "transformer": "encoder",
}
"""What the parts of a backbone are called in transformers' models."""
_INSTEAD = "use the model folder as it is, or export it with --onnx"


def export_transformers(source: Path, out: Path) -> str:
    """Write the folder `out`, which appears whole or not at all, and return what was compared.

    Args:
        source: a model folder with safetensors.
        out: the folder to make.

    Raises:
        UserError: if transformers has no classifier like it, or it answers otherwise there.
    """
    model = load(source, device="cpu")
    settings = model.settings
    if reason := _without_counterpart(settings):
        raise UserError(f"{source} has no counterpart in transformers: {reason}; {_INSTEAD}")
    ours = rebuild(settings, source)
    load_weights(ours, settings, settings.members[0], source)
    extractor, config = _settings(source / "speech", settings, ours)
    theirs = _classifier(ours, config, settings)
    checked = made_up(settings)
    gap = max(
        float(np.abs(_logits(theirs, extractor, np.asarray(clip.audio)) - one).max())
        for clip, one in zip(checked.clips, answers(model, checked), strict=True)
    )
    message = f"answers differ from mser's by at most {gap:.1e} on {len(checked.clips)} {checked.called}"
    if not gap <= CLOSE:
        raise UserError(f"transformers' {message}, expected at most {CLOSE:.0e}; nothing was written; {_INSTEAD}")
    with new_folder(out) as folder:
        theirs.save_pretrained(folder)
        extractor.save_pretrained(folder)
        _write_card(source, folder, model, message, _APPLIED.get(config.problem_type))
    return message


def _without_counterpart(settings: Settings) -> str:
    """Return why transformers has no such classifier; nothing where it has."""
    speech, fusion = settings.model["speech"], settings.model["fusion"]
    if settings.is_onnx:
        return "it runs on ONNX Runtime; give the folder that it was made of"
    if settings.modalities != ("speech",):
        return "it reads transcripts, and the pipeline hears alone"
    if len(settings.members) > 1:
        return f"it is an ensemble of {len(settings.members)}; export one of them, or seeds with --average"
    if other := list(foreign(settings.model)):
        return f"it uses {', '.join(other)}"
    if not has_files(speech):
        return f"its speech encoder {speech.get('name')!r} is none of transformers"
    if speech.get("pooling", "mean") != "mean":
        return f"it pools by {speech['pooling']}, where transformers takes the mean"
    plain = fusion["class"] == "Projection" and fusion["options"].get("activation", "none") == "none"
    if fusion["class"] != "Shallow" and not plain:
        return f"there is nothing like its {fusion['class']} ({fusion['options']})"
    return ""


def _settings(folder: Path, settings: Settings, ours: EmotionRecognizer) -> tuple[Any, Any]:
    """Return the feature extractor and the classifier's configuration.

    Raises:
        UserError: if transformers has no such classifier.
    """
    from transformers import AutoConfig, AutoFeatureExtractor

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        extractor = AutoFeatureExtractor.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{folder} is no encoder of transformers, so it has no classifier there; {_INSTEAD}") from error
    if config.model_type not in (*FAMILIES, "wav2vec2-bert", "whisper"):
        raise UserError(f"transformers has no classifier of speech on {config.model_type}; {_INSTEAD}")
    if config.model_type == "whisper" and not getattr(extractor, "fill", 0):
        raise UserError(
            "transformers' Whisper classifier hears every clip filled up to 30 s, this model hears it as long as it "
            f"is, so it has no counterpart; {_INSTEAD}"
        )
    if hasattr(extractor, "centre"):
        raise UserError(f"transformers' feature extractor knows no level of a corpus, which {folder} has; {_INSTEAD}")
    labels = settings.task["labels"]
    config.id2label, config.label2id = dict(enumerate(labels)), {label: place for place, label in enumerate(labels)}
    if isinstance(ours.objective, Distribution) and ours.objective.several:
        raise UserError(f"transformers' classifiers know no label that holds above an even share; {_INSTEAD}")
    multi = isinstance(ours.objective, OneVsRest)
    config.problem_type = _PROBLEMS["multi_label" if multi else settings.task["kind"]]
    speech = cast(Any, ours.speech)
    if speech.layer_sum is not None and speech.standardised is not None:
        raise UserError(f"its weighted sum is of layers that are standardised each for itself; {_INSTEAD}")
    config.use_weighted_layer_sum = speech.layer_sum is not None or speech.layer != len(speech.backbone.blocks)
    config.tie_last_hidden_states = getattr(extractor, "closing_norm", True)  # heeded from 5.16 on; before, always so
    config.classifier_proj_size = ours.fusion.width
    config.architectures = None
    return extractor, config


def _classifier(ours: EmotionRecognizer, config: Any, settings: Settings) -> Any:
    """Return transformers' model with our weights; the temperature goes into its last layer."""
    from transformers import AutoModelForAudioClassification

    theirs = AutoModelForAudioClassification.from_config(config, dtype=torch.float32).eval()
    base = theirs.encoder if config.model_type == "whisper" else theirs.base_model
    loaded = base.load_state_dict(_encoder_weights(cast(Any, ours.speech).backbone), strict=False)
    unused = ("masked_spec_embed", *(() if config.tie_last_hidden_states else ("encoder.layer_norm.",)))
    if config.model_type == "wav2vec2-conformer":
        unused += ("encoder.pos_conv_embed.",)
    counts = ".num_batches_tracked"  # which only training asks for
    lacking = [name for name in loaded.missing_keys if not name.startswith(unused) and not name.endswith(counts)]
    if lacking or loaded.unexpected_keys:
        raise UserError(
            f"transformers' {config.model_type} has other weights ({[*lacking, *loaded.unexpected_keys][0]})"
        )
    if hasattr(base, "masked_spec_embed"):
        nn.init.zeros_(base.masked_spec_embed)
    weight, bias = _last(ours, settings.members[0].temperature)
    projector, shift = _projector(ours)
    with torch.no_grad():
        theirs.projector.weight.copy_(projector)
        theirs.projector.bias.copy_(shift)
        theirs.classifier.weight.copy_(weight)
        theirs.classifier.bias.copy_(bias)
        if config.use_weighted_layer_sum:
            theirs.layer_weights.copy_(_layer_weights(cast(Any, ours.speech)))
    return theirs


def _layer_weights(speech: Any) -> Tensor:
    """Return weights over all layers whose softmax is ours, or leaves the one layer that is heard."""
    if speech.layer_sum is not None:
        return cast(Tensor, speech.layer_sum.weights)
    weights = torch.full((len(speech.backbone.blocks) + 1,), -1e4)
    weights[speech.layer] = 0
    return weights


def _projector(ours: EmotionRecognizer) -> tuple[Tensor, Tensor]:
    """Return weight (D, D') and bias (D,) from the mean over time to the head, standardising included."""
    layer, standardised = getattr(ours.fusion, "layer", None), cast(Any, ours.speech).standardised
    weight = torch.eye(ours.fusion.width) if layer is None else layer.weight
    bias = torch.zeros(ours.fusion.width) if layer is None else layer.bias
    if standardised is None:
        return weight, bias
    weight = weight / standardised.scale
    return weight, bias - weight @ standardised.centre[0]


def _encoder_weights(backbone: nn.Module) -> dict[str, Tensor]:
    """Return the backbone's weights by transformers' names, with what LoRA added in its place."""
    for module in backbone.modules():
        if hasattr(module, "lora_A"):
            cast(Any, module).merge()
    weights = {}
    for name, weight in backbone.state_dict().items():
        if ".lora_" not in name and not name.startswith("blocks."):  # which are the transformer's layers again
            first, _, rest = name.replace(".base_layer.", ".").partition(".")
            weights[rest if first == "encoder" else f"{_THEIRS[first]}.{rest}"] = weight
    return weights


def _last(ours: EmotionRecognizer, temperature: float) -> tuple[Tensor, Tensor]:
    """Return weight (C, D) and bias (C,) of which the answers are calibrated."""
    linear = cast(nn.Linear, ours.head[1])
    temperature = 1.0 if isinstance(ours.objective, Regression) else temperature
    weight, bias = linear.weight.detach() / temperature, linear.bias.detach() / temperature
    if isinstance(ours.objective, OneVsRest):  # a softmax over a pair is the sigmoid of its difference
        return weight[1::2] - weight[::2], bias[1::2] - bias[::2]
    return weight, bias


@torch.inference_mode()
def _logits(model: Any, extractor: Any, clip: np.ndarray) -> np.ndarray:
    """Return (C,) as transformers' pipeline answers."""
    inputs = extractor(clip.astype(np.float32), sampling_rate=16_000, return_tensors="pt")
    logits = model(**inputs).logits[0].double()
    kind = model.config.problem_type
    answer = logits.softmax(-1) if kind == _PROBLEMS["labels"] else logits.sigmoid() if "multi" in kind else logits
    return np.asarray(answer.numpy())


def _write_card(source: Path, folder: Path, model: Model, message: str, applied: str | None) -> None:
    card = source / "README.md"
    if card.is_file():
        text = card.read_text(encoding="utf-8").replace("library_name: mser\n", "library_name: transformers\n", 1)
        used = re.compile(r"```sh\npip install [^\n]*\n```\n\n```python\nimport mser\n.*?```\n\n", re.DOTALL)
        (folder / "README.md").write_text(used.sub("", text), encoding="utf-8")
    longest = model.settings.max_seconds
    cut = f" Longer clips than {longest:g} s are heard whole here, where mser leaves out their end." if longest else ""
    argument = f', function_to_apply="{applied}"' if applied else ""
    with (folder / "README.md").open("a", encoding="utf-8") as file:
        file.write(
            "\n## transformers\n\nThis folder is a model of transformers, no more a model folder of mser:\n\n"
            "```python\n"
            "from transformers import pipeline\n\n"
            f'pipeline("audio-classification", "path/to/this/folder")("clip.wav"{argument})\n'
            f"```\n\nThe {message}. Clips answered in a batch may differ from the same clips alone, as transformers "
            f"pads them.{cut}\n"
        )
