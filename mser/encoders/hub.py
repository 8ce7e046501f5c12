"""Finds pretrained encoders: by Hugging Face id, by local folder, or none at all (`tiny`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from mser.encoders.text import PretrainedTokenizer, TextBackbone, Tokenizer
from mser.encoders.wav2vec2 import FAMILIES, WaveformBackbone
from mser.encoders.wav2vec2_bert import Wav2Vec2BertBackbone
from mser.encoders.wavlm import gate_attention
from mser.encoders.whisper import WhisperBackbone
from mser.errors import UserError, brief

__all__ = ["Tokenizer", "architecture_only", "is_speech_bert", "save_settings", "speech_backbone", "text_backbone"]

T = TypeVar("T")
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
        from mser.encoders.speech_bert.backbone import save_speech_bert_settings

        save_speech_bert_settings(Path(name), folder)
        return
    if _own_type(name) == "mser-emotion2vec":
        from mser.encoders.emotion2vec.settings import Emotion2vecSettings

        Emotion2vecSettings.read(Path(name)).write(folder)
        return
    from transformers import AutoFeatureExtractor, AutoTokenizer

    what, kind = ("tokenizer", AutoTokenizer) if text else ("feature settings", AutoFeatureExtractor)
    _config(name, "encoder").save_pretrained(folder)
    _load(name, what, lambda: kind.from_pretrained(name)).save_pretrained(folder)


def speech_backbone(name: str) -> nn.Module:
    """Return the backbone over waveforms of this name.

    Raises:
        UserError: if there is no such encoder, or it is none for speech.
    """
    if name == "tiny":
        from mser.encoders.tiny import tiny_speech

        return tiny_speech()
    if is_speech_bert(name):
        from mser.encoders.speech_bert.backbone import SpeechBert

        return SpeechBert.from_folder(Path(name), weights=not _weightless.get())
    if _own_type(name) == "mser-emotion2vec":
        from mser.encoders.emotion2vec.backbone import Emotion2vec

        return Emotion2vec.from_folder(Path(name), weights=not _weightless.get())
    kind = _config(name, "speech encoder").model_type
    if kind in (*FAMILIES, "whisper", "wav2vec2-bert"):
        return _pretrained_speech(name, kind)
    raise UserError(
        f"{name!r} is a {kind} model, which is no speech encoder known here: expected one of "
        f"{', '.join(FAMILIES)}, wav2vec2-bert, whisper; is the text encoder's name in its place?"
    )


def text_backbone(name: str) -> TextBackbone:
    """Return the backbone over tokens of this name, with its tokenizer.

    Raises:
        UserError: if there is no such encoder, or it is none for text.
    """
    if name == "tiny":
        from mser.encoders.tiny import tiny_text

        return tiny_text()
    from transformers import AutoTokenizer

    config = _config(name, "text encoder")
    if config.model_type in (*FAMILIES, "whisper", "wav2vec2-bert"):
        raise UserError(
            f"{name!r} is a {config.model_type} model, which hears and does not read; name it as speech encoder"
        )
    tokenizer = _load(name, "tokenizer", lambda: AutoTokenizer.from_pretrained(name, trust_remote_code=False))
    # RoBERTa's first position is the padding id + 1, so its table is that much longer than its longest input.
    offset = config.pad_token_id + 1 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
    longest = min(config.max_position_embeddings - offset, tokenizer.model_max_length)
    return TextBackbone(_weights(name), PretrainedTokenizer(tokenizer), max_tokens=longest)


def _pretrained_speech(name: str, kind: str) -> nn.Module:
    from transformers import AutoFeatureExtractor

    extractor = _load(name, "feature settings", lambda: AutoFeatureExtractor.from_pretrained(name))
    model = _weights(name)
    if kind == "whisper":
        filters = torch.from_numpy(extractor.mel_filters)
        return WhisperBackbone(model.encoder, filters, window=extractor.n_fft, hop=extractor.hop_length)
    if kind == "wav2vec2-bert":
        return Wav2Vec2BertBackbone(model, extractor)
    if kind == "wavlm":
        gate_attention(model)
    return WaveformBackbone(model, normalise=extractor.do_normalize)


def _weights(name: str) -> Any:
    """Return the pretrained model in float32, whatever precision it was stored in."""
    from transformers import AutoModel

    config = _config(name, "encoder")
    for option, value in PLAIN.items():
        if hasattr(config, option):
            setattr(config, option, value)
    if _weightless.get():
        return _load(name, "settings", lambda: AutoModel.from_config(config, dtype=torch.float32))
    return _load(name, "weights", lambda: AutoModel.from_pretrained(name, config=config, dtype=torch.float32))


def _config(name: str, what: str) -> Any:
    from transformers import AutoConfig

    return _load(name, what, lambda: AutoConfig.from_pretrained(name, trust_remote_code=False))


def _load(name: str, what: str, read: Callable[[], T]) -> T:
    """Return what `read` gives; a failure becomes one line."""
    try:
        return read()
    except (OSError, ValueError, KeyError) as error:
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
