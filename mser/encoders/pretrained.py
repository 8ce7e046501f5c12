"""Finds pretrained encoders: by Hugging Face id, by local folder, or none at all (`tiny`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch

from mser.encoders.backbone import Backbone
from mser.encoders.finite import require_finite
from mser.encoders.hub_access import require_here_or_there
from mser.encoders.own_weights import fill, own_weights
from mser.encoders.probe import is_causal, layers_in_line, require_alike, without_gradient
from mser.encoders.speech.adapters import load_adapter
from mser.encoders.speech.families import FAMILIES, around
from mser.encoders.text_backbone import TextBackbone, Tokenizer
from mser.encoders.tokenizers import PretrainedTokenizer, require_fitting, three
from mser.errors import UserError, brief

__all__ = [
    "Tokenizer",
    "architecture_only",
    "is_speech_bert",
    "pretrained",
    "save_settings",
    "speech_backbone",
    "text_backbone",
]

T = TypeVar("T")
B = TypeVar("B", bound=Backbone)
_SHIFTED = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer", "data2vec-text", "luke")
# Regularisers that are chosen elsewhere or clash with distributed training and with short clips.
PLAIN = {"layerdrop": 0.0, "encoder_layerdrop": 0.0, "apply_spec_augment": False}
_weightless = ContextVar("weightless", default=False)


@contextmanager
def architecture_only() -> Iterator[None]:
    """Within it encoders are made from their settings alone and have random weights: their own are loaded next."""
    token = _weightless.set(True)
    try:
        yield
    finally:
        _weightless.reset(token)


def save_settings(name: str, folder: Path, *, text: bool) -> None:
    """Write all that `architecture_only` needs of an encoder: settings, tokenizer or feature settings, no weights.

    Args:
        name: a Hugging Face id, a local folder, or ``tiny``, which needs nothing.
        folder: where to; from then on it can stand for the name.
        text: whether it is a text encoder.

    Raises:
        UserError: if there is no such encoder.
    """
    if name == "tiny":
        return
    folder.mkdir()
    if is_speech_bert(name):
        from mser.encoders.speech_bert.token_backbone import save_speech_bert_settings

        save_speech_bert_settings(Path(name), folder)
        return
    if _own_type(name) == "mser-emotion2vec":
        from mser.encoders.emotion2vec.architecture import Emotion2vecSettings

        Emotion2vecSettings.read(Path(name)).write(folder)
        return
    from transformers import AutoFeatureExtractor, AutoTokenizer

    what, kind = ("tokenizer", AutoTokenizer) if text else ("feature settings", AutoFeatureExtractor)
    _config(name, "encoder").save_pretrained(folder)
    _load(name, what, lambda: kind.from_pretrained(name, trust_remote_code=False)).save_pretrained(folder)


def pretrained(backbone: Backbone) -> Backbone:
    """Return a backbone with its own weights, unless those of a model folder are loaded next."""
    if not _weightless.get():
        backbone.load_pretrained()
    return backbone


def speech_backbone(name: str, *, adapter: str | None = None) -> Backbone:
    """Return the backbone over waveforms of this name.

    Args:
        name: a Hugging Face id, a local folder, or ``tiny``.
        adapter: the language of the adapters that it gets, of an encoder which has such.

    Raises:
        UserError: if there is no such encoder, it is none for speech, or it has no such adapters.
    """
    if name == "tiny":
        from mser.encoders.tiny import tiny_speech

        return tiny_speech()
    if is_speech_bert(name):
        from mser.encoders.speech_bert.token_backbone import SpeechBert

        return _filled(name, "speech", lambda: SpeechBert.from_folder(Path(name), weights=not _weightless.get()))
    if _own_type(name) == "mser-emotion2vec":
        from mser.encoders.emotion2vec.waveform_backbone import Emotion2vec

        return _filled(name, "speech", lambda: Emotion2vec.from_folder(Path(name), weights=not _weightless.get()))
    kind = _config(name, "speech encoder").model_type
    if kind in FAMILIES:
        return _filled(name, "speech", lambda: _pretrained_speech(name, adapter))
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as READ

    raise UserError(
        f"{name!r} is a {kind} model, which is no speech encoder known here: expected one of "
        f"{', '.join(FAMILIES)}{'; is the text encoder in its place?' * (kind in READ)}"
    )


def text_backbone(name: str) -> TextBackbone:
    """Return the backbone over tokens of this name, with its tokenizer.

    Raises:
        UserError: if there is no such encoder, or it is none for text.
    """
    if name == "tiny":
        from mser.encoders.tiny import tiny_text

        return tiny_text()
    config = _config(name, "text encoder")
    if config.model_type in FAMILIES:
        raise UserError(
            f"{name!r} is a {config.model_type} model, which hears and does not read; name it as speech encoder"
        )
    return _filled(name, "text", lambda: _pretrained_text(name, config))


def _filled(name: str, side: Literal["speech", "text"], make: Callable[[], B]) -> B:
    """Return a backbone; of an encoder that a model folder holds, with the weights that lie in that folder."""
    whole = None if _weightless.get() else own_weights(Path(name))
    if whole is None:
        return make()
    with architecture_only():
        backbone = make()
    fill(backbone, whole, side)
    return backbone


def _pretrained_text(name: str, config: Any) -> TextBackbone:
    from transformers import AutoTokenizer

    loaded = _load(name, "tokenizer", lambda: AutoTokenizer.from_pretrained(name, trust_remote_code=False))
    tokenizer = PretrainedTokenizer(loaded, name)
    if getattr(config, "hidden_size", None) is None:
        raise UserError(f"{name!r} is a {config.model_type} model, which is no text encoder; choose another")

    rows: list[int] = []

    def made(model: Any) -> TextBackbone:
        encoder = model.encoder if hasattr(model, "encoder") and hasattr(model, "decoder") else model
        rows.append(model.get_input_embeddings().num_embeddings)
        return TextBackbone(encoder, tokenizer, max_tokens=_longest(config, loaded))

    backbone = _weights(name, made)
    # A tokenizer without words has nothing to try the model with.
    ids = three(tokenizer.words() or [0])
    backbone.eval()
    if ids[-1] < rows[0] and not _weightless.get():
        require_alike(backbone, ids, name)
        backbone.summable, backbone.unused = layers_in_line(backbone, ids), without_gradient(backbone, ids)
    backbone.causal = ids[-1] < rows[0] and ids[0] != ids[-1] and is_causal(backbone, ids)
    require_fitting(tokenizer, config, rows[0], name, causal=backbone.causal)
    return backbone


def _longest(config: Any, tokenizer: Any) -> int:
    """Return the most tokens that a model has positions for; there is no such limit where they are relative."""
    positions = getattr(config, "max_position_embeddings", None)
    # The first position of these is the padding id + 1, so their table is that much longer than their longest input.
    offset = config.pad_token_id + 1 if config.model_type in _SHIFTED else 0
    limits = [tokenizer.model_max_length] + ([positions - offset] if positions and positions > 0 else [])
    return int(min(limits))


def _pretrained_speech(name: str, adapter: str | None) -> Backbone:
    from transformers import AutoFeatureExtractor

    extractor = _load(
        name, "feature settings", lambda: AutoFeatureExtractor.from_pretrained(name, trust_remote_code=False)
    )

    def made(model: Any) -> Backbone:
        if adapter is not None and not _weightless.get():
            load_adapter(model, name, adapter)
        return around(model, extractor)

    return _weights(name, made)


def _weights(name: str, made: Callable[[Any], B]) -> B:
    """Return the backbone that `made` takes out of the pretrained model, in float32 whatever it was stored in.

    Raises:
        UserError: if the model cannot be read, lacks a weight of the backbone, or holds one that is no number.
    """
    from transformers import AutoModel

    config = _config(name, "encoder")
    for option, value in PLAIN.items():
        if hasattr(config, option):
            setattr(config, option, value)
    if _weightless.get():
        return made(_load(name, "settings", lambda: AutoModel.from_config(config, dtype=torch.float32)))
    model, loading = _load(
        name,
        "weights",
        lambda: AutoModel.from_pretrained(
            name, config=config, dtype=torch.float32, trust_remote_code=False, output_loading_info=True
        ),
    )
    weights = dict(model.named_parameters()) | dict(model.named_buffers())
    backbone = made(model)
    used = {id(weight) for weight in (*backbone.parameters(), *backbone.buffers())}
    if lacking := sorted(key for key in loading["missing_keys"] if key in weights and id(weights[key]) in used):
        raise UserError(
            f"{name!r} lacks {len(lacking)} weights that the encoder needs, such as {', '.join(lacking[:3])}: they "
            "would be random; copy the whole folder again, or choose another encoder"
        )
    require_finite(backbone.state_dict(), repr(name))
    return backbone


def _config(name: str, what: str) -> Any:
    require_here_or_there(name, what)
    from transformers import AutoConfig

    return _load(name, what, lambda: AutoConfig.from_pretrained(name, trust_remote_code=False))


def _load(name: str, what: str, read: Callable[[], T]) -> T:
    """Return what `read` gives; a failure becomes one line."""
    try:
        return read()
    except (OSError, ValueError, KeyError, ImportError, TypeError, AttributeError, RuntimeError) as error:
        if any(package in str(error) for package in ("sentencepiece", "tiktoken", "protobuf")):
            raise UserError(
                f"the {what} of {name!r} needs sentencepiece, as it has no tokenizer.json; pip install sentencepiece "
                "protobuf"
            ) from error
        if Path(name).is_dir():
            raise UserError(
                f"cannot read the {what} of {name!r}: {brief(error)}; copy the whole folder again"
            ) from error
        raise UserError(
            f"no {what} {name!r}: it is neither a folder here nor could it be had from the Hugging Face hub "
            f"({brief(error)}); check the name, or give a local folder"
        ) from error


def is_speech_bert(name: str) -> bool:
    """Return whether the folder is one of ours: transformers does not know its model type."""
    return _own_type(name) == "mser-speech-bert"


def _own_type(name: str) -> str | None:
    """Return the model type that a folder states; None for what is no folder or states none."""
    import json

    try:
        return str(json.loads((Path(name) / "config.json").read_text(encoding="utf-8"))["model_type"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
