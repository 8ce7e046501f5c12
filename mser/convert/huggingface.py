"""Emotion classifiers in transformers' layout as model folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from mser.convert.answers import labels_of, require_emotions, task_of
from mser.convert.heads import ODYSSEY, Head, read_head
from mser.convert.model_folder import Foreign, write_model_folder
from mser.convert.odyssey import LABELS, config_of
from mser.convert.transformers_checkpoint import Published, read_published
from mser.encoders.backbone import Backbone
from mser.encoders.pretrained import PLAIN
from mser.encoders.speech.families import around
from mser.errors import UserError, brief

_RATE = 16_000
_NORM_LEFT_OUT = (5, 16)
"""The transformers from which on a sum of layers hears the last one before the encoder's closing norm."""


def convert_huggingface(
    name: str,
    out: str,
    *,
    labels: Sequence[str] | None = None,
    score_range: tuple[float, float] = (0.0, 1.0),
    trained_on: Sequence[str] = (),
) -> str:
    """Write the model folder `out` and return one line that describes it.

    Args:
        name: a Hugging Face id, or a folder.
        out: folder to make.
        labels: of its outputs in their order, instead of those that its ``config.json`` names.
        score_range: least and greatest score, where it gives scores.
        trained_on: corpora that it is known to be trained on, besides what its card names.

    Raises:
        UserError: if it is no classifier of emotion that is known here, or some of its weights are missing.
    """
    published = read_published(name)
    head = read_head(published)
    answers = list(labels) if labels else _own_labels(published, head)
    require_emotions(name, answers, len(head.last[1]), given=bool(labels))
    task, objective = task_of(published.config, answers, score_range)
    config, extractor = _config(published, head), _extractor(published, head)
    fill = getattr(extractor, "fill", 0)
    foreign = Foreign(
        name=Path(name).resolve().name if Path(name).is_dir() else name,
        layout=head.layout,
        datasets=tuple(dict.fromkeys([*trained_on, *published.datasets])),
        task=task,
        objective=objective.__name__,
        fusion=head.fusion,
        layer_sum=head.layer_sum,
        weights=head.weights | head.classifier(objective),
        backbone=_backbone(published, head, config, extractor),
        save_encoder=_saving(config, extractor),
        max_seconds=fill / _RATE if fill else None,
    )
    write_model_folder(foreign, out)
    return f"{out}: {config.model_type} ({head.layout}) to {', '.join(answers)}"


def _own_labels(published: Published, head: Head) -> list[str]:
    """Return the labels that a classifier's config names, or those of its family; nothing where nobody says."""
    family = LABELS.get(len(head.last[1]), []) if head.prefix == "ssl_model." else []
    return labels_of(published.config) or family


def _saving(*parts: Any) -> Callable[[Path], None]:
    def save(folder: Path) -> None:
        for part in parts:
            part.save_pretrained(folder)

    return save


def _config(published: Published, head: Head) -> Any:
    """Return the encoder's settings; a class that lies beside them is not looked at."""
    from transformers import CONFIG_MAPPING

    kind = str(published.config["model_type"])
    if kind == ODYSSEY:
        config = config_of(published)
    else:
        plain = {key: value for key, value in published.config.items() if key not in ("auto_map", "architectures")}
        try:
            config = CONFIG_MAPPING[kind].from_dict(plain)
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{published.folder / 'config.json'} makes no {kind}: {brief(error)}") from error
    if getattr(config, "add_adapter", False):
        raise UserError(
            f"{published.name} has an adapter between encoder and classifier (add_adapter), which is not known"
        )
    for option, value in PLAIN.items():
        if hasattr(config, option):
            setattr(config, option, value)
    return config


def _extractor(published: Published, head: Head) -> Any:
    """Return the feature extractor, in which is noted what else the classifier does with a waveform."""
    import transformers

    kind = published.config["model_type"]
    if kind == ODYSSEY:
        level = {
            "centre": float(published.config.get("mean", 0)),
            "scale": float(published.config.get("std", 1)) + 1e-6,
        }
        return transformers.Wav2Vec2FeatureExtractor(do_normalize=False, **level)
    classes = {"whisper": "WhisperFeatureExtractor", "wav2vec2-bert": "SeamlessM4TFeatureExtractor"}
    try:
        extractor = getattr(transformers, classes.get(kind, "Wav2Vec2FeatureExtractor")).from_pretrained(
            published.folder
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{published.name} has no preprocessor_config.json that can be read ({brief(error)}), so nobody knows how "
            f"it wants its waveforms; copy the file from the model that it was fine-tuned from"
        ) from error
    if extractor.sampling_rate != _RATE:
        raise UserError(f"{published.name} hears {extractor.sampling_rate} Hz, expected {_RATE}")
    if kind == "whisper":
        extractor.fill = int(extractor.n_samples)
    if head.layer_sum and _leaves_norm_out(published.config):
        extractor.closing_norm = False
    return extractor


def _leaves_norm_out(config: Mapping[str, Any]) -> bool:
    """Return whether the transformers that wrote a checkpoint summed layers without the encoder's closing norm.

    Example:
        >>> told = {"do_stable_layer_norm": True}
        >>> [_leaves_norm_out(told | {"transformers_version": version}) for version in ("4.57.1", "5.23.0")]
        [False, True]
    """
    tied = config.get("tie_last_hidden_states")
    version = re.match(r"(\d+)\.(\d+)", str(config.get("transformers_version")))
    newer = version is not None and (int(version[1]), int(version[2])) >= _NORM_LEFT_OUT
    closed = config.get("do_stable_layer_norm") or config.get("model_type") == "wav2vec2-conformer"
    return bool(closed) and (newer if tied is None else not tied)


def _backbone(published: Published, head: Head, config: Any, extractor: Any) -> Backbone:
    """Return the encoder with its weights.

    Raises:
        UserError: if one that it needs is missing.
    """
    from transformers import AutoModel

    model = AutoModel.from_config(config, dtype=torch.float32)
    weights = {_renamed(name): weight for name, weight in published.under(head.prefix).items()}
    whole = model.encoder if config.model_type == "whisper" else model
    names = {id(weight): name for name, weight in (*whole.named_parameters(), *whole.named_buffers())}
    try:
        missing = set(whole.load_state_dict(weights, strict=False).missing_keys)
    except RuntimeError as error:
        raise UserError(f"the weights of {published.name} do not fit its config.json: {brief(error)}") from error
    backbone = around(model, extractor)
    used = {names.get(id(weight)) for weight in (*backbone.parameters(), *backbone.buffers())}
    if lacking := sorted(missing & used):
        raise UserError(
            f"{published.name} lacks {len(lacking)} weights that its encoder needs, such as {', '.join(lacking[:3])}: "
            f"they would be random; copy the whole folder again"
        )
    return backbone


def _renamed(name: str) -> str:
    """Return today's name of a weight: those of normed convolutions were called otherwise before 2023."""
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        if name.endswith(f"conv.{old}"):
            return name.removesuffix(old) + f"parametrizations.weight.{new}"
    return name
