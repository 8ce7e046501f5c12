"""emotion2vec as FunASR publishes it (``model.pt`` and ``config.yaml``): a speech encoder.

Where its classifier and the names of its answers (``tokens.txt``) are there it is a model folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from mser.convert.answers import require_emotions
from mser.convert.checkpoint import read_weights
from mser.convert.model_folder import Foreign, write_model_folder
from mser.encoders.emotion2vec.architecture import Emotion2vecSettings
from mser.encoders.emotion2vec.waveform_backbone import WEIGHTS, Emotion2vec
from mser.errors import UserError
from mser.files.whole import new_folder

_AUDIO = "modality_encoders.AUDIO."
_NAMES = (
    (rf"{_AUDIO}local_encoder\.conv_layers\.(\d+)\.0\.", r"convolutions.\1.conv."),
    (rf"{_AUDIO}local_encoder\.conv_layers\.(\d+)\.2\.1\.", r"convolutions.\1.norm."),
    (rf"{_AUDIO}project_features\.1\.", "projection.0."),
    (rf"{_AUDIO}project_features\.2\.", "projection.1."),
    (rf"{_AUDIO}extra_tokens$", "extra"),
    (rf"{_AUDIO}alibi_scale$", "scale"),
    (rf"{_AUDIO}context_encoder\.norm\.", "norm."),
)
_UNUSED = (f"{_AUDIO}decoder.", "proj.", "_ema", "recon_proj.")


def convert_emotion2vec(
    checkpoint: str,
    out: str,
    *,
    config: str | None = None,
    tokens: str | None = None,
    encoder: bool = False,
    trained_on: Sequence[str] = (),
) -> str:
    """Write the folder `out` and return one line that describes it.

    It is a model folder where the checkpoint has a classifier and its answers have names; else that of an encoder.

    Args:
        checkpoint: the weights, as published (``model.pt``, ``emotion2vec_base.pt``), or the folder with ``model.pt``.
        out: folder to make.
        config: the ``config.yaml`` published with them; by default the one beside the checkpoint.
        tokens: the ``tokens.txt`` published with a classifier; by default the one beside the checkpoint.
        encoder: leave a classifier out.
        trained_on: corpora that a classifier is known to be trained on.

    Raises:
        UserError: if a file is unreadable, the two do not belong together, or the model is no emotion2vec.
    """
    checkpoint = _weights_file(checkpoint)
    path = Path(config) if config else Path(checkpoint).with_name("config.yaml")
    options = _read_options(path)
    settings = _settings(options, path)
    weights = read_weights(checkpoint)
    renamed = _renamed(weights, settings)
    model = Emotion2vec(settings)
    _require_same(model.state_dict(), renamed, checkpoint, path)
    layers = settings.prenet_layers + settings.layers
    message = f"{out}: emotion2vec with {layers} layers of width {settings.width}"
    last = {} if encoder else _classifier(weights)
    names = Path(tokens) if tokens else Path(checkpoint).with_name("tokens.txt")
    if tokens and not last:
        raise UserError(f"{checkpoint!r} holds no classifier (proj.weight) for the names in {tokens!r}; leave them out")
    if last and (tokens or names.is_file()):
        model.load_state_dict(renamed)
        labels = _write_classifier(model, last, names, checkpoint, out, trained_on)
        return f"{message} to {', '.join(labels)}"
    _write_encoder(settings, renamed, out)
    return message + ("; its classifier is left out, as no tokens.txt says what its answers are" if last else "")


def _weights_file(checkpoint: str) -> str:
    """Return the published file of weights, which may be named by its folder."""
    path = Path(checkpoint) / "model.pt" if Path(checkpoint).is_dir() else Path(checkpoint)
    if not path.is_file():
        raise UserError(f"{str(path)!r} is no file; give the model.pt that was published, or its folder")
    return str(path)


def _classifier(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return ``weight`` (C, D) and ``bias`` (C,) of a fine-tuned one; nothing of one that was only pretrained."""
    matched = {}
    for name, weight in weights.items():
        if match := re.fullmatch(r"(?:module\.|model\.|d2v_model\.)*proj\.(weight|bias)", name):
            matched[match[1]] = weight
    return matched if len(matched) == 2 else {}


def _write_encoder(settings: Emotion2vecSettings, weights: Mapping[str, Tensor], out: str) -> None:
    from safetensors.torch import save_file

    with new_folder(out) as folder:
        settings.write(folder)
        save_file({name: weight.contiguous() for name, weight in weights.items()}, folder / WEIGHTS, {"format": "pt"})


def _write_classifier(
    model: Emotion2vec, last: Mapping[str, Tensor], tokens: Path, checkpoint: str, out: str, trained_on: Sequence[str]
) -> list[str]:
    """Write a model folder and return its labels: FunASR leaves out the answers whose names begin with ``unuse``."""
    try:
        names = [line.strip() for line in tokens.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"cannot read {str(tokens)!r} ({error}); take the tokens.txt published with the weights"
        ) from error
    outputs = len(last["bias"])
    require_emotions(f"{checkpoint!r} with {str(tokens)!r}", names, outputs, given=True)
    columns = [place for place, name in enumerate(names) if not name.startswith("unuse")]
    labels = [names[place] for place in columns]
    foreign = Foreign(
        name=Path(checkpoint).resolve().parent.name,
        layout="emotion2vec",
        datasets=tuple(trained_on),
        task={"kind": "labels", "exclusive": True, "name": "published", "labels": labels},
        objective="CrossEntropy",
        fusion={"class": "Shallow", "options": {}},
        layer_sum=False,
        weights={"head.1.weight": last["weight"][columns], "head.1.bias": last["bias"][columns]},
        backbone=model,
        save_encoder=model.settings.write,
    )
    write_model_folder(foreign, out)
    return labels


def _read_options(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        options = yaml.safe_load(path.read_text(encoding="utf-8"))
        model_conf: Mapping[str, Any] = options["model_conf"]
        model_conf["modalities"]["audio"]
    except OSError as error:
        raise UserError(
            f"cannot read {str(path)!r} ({error.strerror}): the weights alone do not say how they are used; put the "
            "config.yaml that was published with them beside them, or name it with --config"
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(
            f"{str(path)!r} is no config.yaml of an emotion2vec: it has no model_conf.modalities.audio; take the one "
            "that was published with the weights"
        ) from error
    return model_conf


def _settings(options: Mapping[str, Any], path: Path) -> Emotion2vecSettings:
    audio = options["modalities"]["audio"]
    try:
        depth = audio["conv_pos_depth"]
        prenet, layers = audio["prenet_depth"], options["depth"]
        per_layer, per_head = audio["learned_alibi_scale_per_layer"], audio["learned_alibi_scale_per_head"]
        mode, heads = audio.get("extractor_mode", "layer_norm"), options["num_heads"]
        _require_known(path, mode=mode, alibi_heads=audio.get("num_alibi_heads", heads) == heads, audio=audio)
        return Emotion2vecSettings(
            convolutions=_convolutions(audio["feature_encoder_spec"], path),
            width=options["embed_dim"],
            heads=heads,
            prenet_layers=prenet,
            layers=layers,
            mlp_ratio=float(options["mlp_ratio"]),
            position_layers=depth,
            position_kernel=max(3, audio["conv_pos_width"] // depth),
            position_groups=audio["conv_pos_groups"],
            extra_tokens=audio["num_extra_tokens"],
            scales=(prenet + layers if per_layer else 1, heads if per_head else 1),
            norm_first=bool(options["layer_norm_first"]),
            norm_eps=float(options["norm_eps"]),
            normalise=bool(options["normalize"]),
            dropout=float(options["encoder_dropout"]),
            attention_dropout=float(options["attention_dropout"]),
            activation_dropout=float(options["activation_dropout"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{str(path)!r} lacks or garbles {error}; take the one published with the weights") from error


def _require_known(path: Path, *, mode: str, alibi_heads: bool, audio: Mapping[str, Any]) -> None:
    """Refuse what no published emotion2vec has, rather than compute something else."""
    odd = [name for name in ("conv_pos_pre_ln", "learned_alibi") if audio.get(name)]
    odd += [] if mode == "layer_norm" else [f"extractor_mode: {mode}"]
    odd += [] if alibi_heads else ["num_alibi_heads"]
    odd += [] if audio.get("use_alibi_encoder", True) else ["use_alibi_encoder: false"]
    if odd:
        raise UserError(
            f"{str(path)!r} asks for {', '.join(odd)}, which no published emotion2vec has; it is not known here"
        )


def _convolutions(spec: str, path: Path) -> tuple[tuple[int, int, int], ...]:
    """Return channels, kernel and stride of each layer: the published text is a Python expression and is not run.

    Example:
        >>> _convolutions("[(512, 10, 5)] + [(512, 3, 2)] * 2", Path("config.yaml"))
        ((512, 10, 5), (512, 3, 2), (512, 3, 2))
    """
    part = r"\[\s*\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)\s*\]\s*(?:\*\s*(\d+))?\s*"
    if not re.fullmatch(rf"{part}(?:\+\s*{part})*", spec):
        raise UserError(
            f"{str(path)!r} has feature_encoder_spec {spec!r}; expected such as [(512, 10, 5)] + [(512, 3, 2)] * 4"
        )
    layers = [((int(c), int(k), int(s)), int(times or 1)) for c, k, s, times in re.findall(part, spec)]
    return tuple(layer for layer, times in layers for _ in range(times))


def _renamed(weights: Mapping[str, Tensor], settings: Emotion2vecSettings) -> dict[str, Tensor]:
    """Return the weights by our names; what pretraining alone needs is left out."""
    renamed = {}
    for name, weight in weights.items():
        name = re.sub(r"^(module\.|model\.|d2v_model\.)+", "", name)
        if not name.startswith(_UNUSED):
            renamed[_our_name(name, settings)] = weight
    # Before data2vec 2.0 had a scale for each layer.
    if renamed.get("scale") is not None and renamed["scale"].dim() == 4:
        renamed["scale"] = renamed["scale"].unsqueeze(0)
    return renamed


def _our_name(name: str, settings: Emotion2vecSettings) -> str:
    if layer := re.match(rf"{_AUDIO}context_encoder\.blocks\.(\d+)\.", name):
        return f"blocks.{layer[1]}.{name[layer.end() :]}"
    if layer := re.match(r"blocks\.(\d+)\.", name):
        return f"blocks.{int(layer[1]) + settings.prenet_layers}.{name[layer.end() :]}"
    if layer := re.match(rf"{_AUDIO}relative_positional_encoder\.(\d+)\.0\.", name):
        return f"positions.{int(layer[1]) - 1}.{name[layer.end() :]}"
    for pattern, ours in _NAMES:
        if match := re.match(pattern, name):
            return match.expand(ours) + name[match.end() :]
    return name


def _require_same(expected: Mapping[str, Tensor], weights: Mapping[str, Tensor], checkpoint: str, config: Path) -> None:
    missing, foreign = sorted(expected.keys() - weights.keys()), sorted(weights.keys() - expected.keys())
    shapes = sorted(name for name in expected.keys() & weights.keys() if expected[name].shape != weights[name].shape)
    if missing or foreign or shapes:
        what = (
            f"lacks {missing[0]}" if missing else f"has {foreign[0]} besides" if foreign else f"has another {shapes[0]}"
        )
        raise UserError(
            f"{checkpoint!r} {what}: it does not fit {str(config)!r}, or is no emotion2vec; take both from "
            "one publisher"
        )
