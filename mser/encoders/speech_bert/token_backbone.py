"""The paper's speech encoder: a RoBERTa that reads vq-wav2vec codes as words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mser.encoders.backbone import Backbone
from mser.encoders.speech_bert.batched_tokens import tokens_of_all
from mser.encoders.speech_bert.token_cache import Ids
from mser.encoders.speech_bert.tokens import PAD, TOKENIZER, WEIGHTS, SpeechTokenizer, pad_tokens
from mser.encoders.text_backbone import fix_single_segment
from mser.errors import UserError, brief

MODEL_TYPE = "mser-speech-bert"


class SpeechBert(Backbone):
    """Speech-BERT as a backbone over waveforms; its states are one per ten milliseconds, ``<s>`` first.

    Every utterance is tokenised alone and whole, whatever it is batched with. Source: Baevski et al. 2020 (vq-wav2vec)
    and Siriwardhana et al. 2020, who take the first state as summary (``pooling: first``).

    Args:
        roberta: a `transformers.RobertaModel`.
        tokenizer: makes its ids.
    """

    discrete = True
    tokenizer: SpeechTokenizer

    def __init__(self, roberta: Any, tokenizer: SpeechTokenizer) -> None:
        super().__init__()
        fix_single_segment(roberta)
        self.roberta = roberta
        self.tokenizer = tokenizer
        self.max_tokens = roberta.config.max_position_embeddings - PAD - 1
        self.width: int = roberta.config.hidden_size
        self.sample_rate = tokenizer.quantizer.settings.sample_rate
        self.blocks = cast(nn.ModuleList, roberta.encoder.layer)
        self.front: list[nn.Module] = []

    @classmethod
    def from_folder(cls, folder: Path, *, weights: bool = True) -> SpeechBert:
        """Return the encoder of a folder that ``mser convert speech-bert`` made.

        Args:
            folder: where it lies.
            weights: whether to read the BERT's; without them it is random, to be filled from elsewhere.

        Raises:
            UserError: if a file of it is missing or damaged.
        """
        try:
            return cls(_read_roberta(folder, weights), SpeechTokenizer.from_folder(folder))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise UserError(
                f"{str(folder)!r} is no complete Speech-BERT folder ({brief(error)}); "
                "make it again with mser convert speech-bert"
            ) from error

    def forward(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, D) of the last layer and their mask (B, T).

        Args:
            waveform: (B, samples) at 16 kHz, zeros behind each clip.
            lengths: (B,) samples of each clip, at least the receptive field (465).
        """
        if torch.compiler.is_exporting():  # a graph cannot go through the clips one by one
            return self.read(tokens_of_all(self.tokenizer, waveform, lengths, self.max_tokens))
        clips = (clip[:length] for clip, length in zip(waveform, lengths.tolist(), strict=True))
        return self.read(self.collate(self.tokenizer.ids(clip) for clip in clips).to(waveform.device))

    def collate(self, sequences: Iterable[Ids]) -> Tensor:
        """Return (B, T) ids of utterances' (N,) ids, the longest cut to what the model has positions for."""
        return pad_tokens(sequences, self.max_tokens)

    def read(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, T, D) of the last layer for (B, T) ids, and true where these are not padding."""
        mask = tokens != PAD
        return self.roberta(input_ids=tokens, attention_mask=mask.long()).last_hidden_state, mask

    def fingerprint(self) -> str:
        """Return what changes with anything that could change its tokens."""
        return self.tokenizer.fingerprint()

    def prepare(self, utterances: Iterable[tuple[str, Tensor]], *, total: int | None = None) -> None:
        """Tokenise a corpus before it is read; see `SpeechTokenizer.prepare`."""
        self.tokenizer.prepare(utterances, total=total)


def save_speech_bert_settings(source: Path, folder: Path) -> None:
    """Copy a Speech-BERT but for the BERT's weights; the quantizer is never trained and stays a file."""
    try:
        for name in ("config.json", WEIGHTS, TOKENIZER):
            shutil.copyfile(source / name, folder / name)
    except OSError as error:
        raise UserError(f"{source} is no complete Speech-BERT folder ({error.strerror}: {error.filename})") from error


def _read_roberta(folder: Path, weights: bool) -> Any:
    """Return the folder's `transformers.RobertaModel`, checked to be whole; its output layer is not needed."""
    from transformers import RobertaConfig, RobertaModel

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    roberta = RobertaModel(RobertaConfig.from_dict(settings | {"model_type": "roberta"}), add_pooling_layer=False)
    if weights:
        stored = load_file(folder / "model.safetensors")
        roberta.load_state_dict({k.removeprefix("roberta."): v for k, v in stored.items() if k.startswith("roberta.")})
    return roberta
