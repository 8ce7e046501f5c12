"""vq-wav2vec and the BERT over its codes, as one folder that `model.speech.name` takes."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from mser.convert.checkpoint import read_checkpoint
from mser.convert.dictionary import MASK, SPECIAL, read_dictionary, require_fit
from mser.convert.fairseq_tokeniser import read_vq_wav2vec
from mser.convert.roberta import MARGIN, SPEECH_PART, convert_roberta
from mser.encoders.speech_bert.token_backbone import MODEL_TYPE
from mser.encoders.speech_bert.tokens import WEIGHTS
from mser.encoders.speech_bert.vq_wav2vec import VqSettings, VqWav2Vec
from mser.errors import UserError
from mser.files.whole import new_folder


def convert_speech_bert(vq: str, bert: str, dictionary: str, out: str, *, heads: int | None = None) -> str:
    """Write the folder `out` and return one line that describes it.

    Args:
        vq: a k-means vq-wav2vec checkpoint.
        bert: the checkpoint of a RoBERTa over its codes, or a fine-tuned model of the paper's code.
        dictionary: the RoBERTa's ``dict.txt``.
        out: folder to make.
        heads: attention heads of the RoBERTa, where its checkpoint does not tell.

    Raises:
        UserError: if a file is unreadable or the three do not belong together.
    """
    quantizer = read_vq_wav2vec(vq)
    words = read_dictionary(dictionary)
    _require_same_codebooks(words, quantizer.settings, vq=vq, dictionary=dictionary)
    config, weights = convert_roberta(read_checkpoint(bert), SPEECH_PART, heads=heads)
    require_fit(words, config.vocab_size, dictionary=dictionary, checkpoint=bert)
    with new_folder(out) as folder:
        _write(folder, quantizer, config, weights, words)
    return (
        f"{out}: Speech-BERT with {config.num_hidden_layers} layers of width {config.hidden_size}, "
        f"{config.vocab_size} tokens of {quantizer.settings.codewords} codewords in {quantizer.settings.groups} groups"
    )


def _write(folder: Path, quantizer: VqWav2Vec, config: Any, weights: dict[str, Tensor], words: dict[str, int]) -> None:
    from safetensors.torch import save_file

    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    save_file(quantizer.state_dict(), folder / WEIGHTS, {"format": "pt"})
    longest = config.max_position_embeddings - MARGIN
    _word_tokenizer(words, longest).save_pretrained(folder)
    settings = json.loads(config.to_json_string()) | {
        "model_type": MODEL_TYPE,
        "vq_wav2vec": asdict(quantizer.settings),
    }
    (folder / "config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _word_tokenizer(words: dict[str, int], longest: int) -> Any:
    """Return a transformers tokenizer that takes codes as words: ``"9-18 21-0"``."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    bos, pad, eos, unknown = SPECIAL
    tokenizer = Tokenizer(WordLevel(words, unk_token=unknown))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single=f"{bos} $A {eos}", special_tokens=[(token, words[token]) for token in (bos, eos)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=bos,
        cls_token=bos,
        pad_token=pad,
        eos_token=eos,
        sep_token=eos,
        unk_token=unknown,
        mask_token=MASK,
        model_max_length=longest,
    )


def _require_same_codebooks(words: dict[str, int], settings: VqSettings, *, vq: str, dictionary: str) -> None:
    """Raise if the words cannot be what this tokeniser writes."""
    codes = [list(map(int, word.split("-"))) for word in words if re.fullmatch(r"\d+(-\d+)*", word)]
    groups = sorted({len(frame) for frame in codes})
    largest = max((max(frame) for frame in codes), default=-1)
    # A dictionary of 23,000 pairs reaches almost the last of 320 codewords; half of them leaves much room.
    if groups != [settings.groups] or not settings.codewords <= 2 * (largest + 1) <= 2 * settings.codewords:
        described = f"{groups[0]} codes up to {largest}" if len(groups) == 1 else f"{len(codes)} words of codes"
        raise UserError(
            f"{dictionary!r} has {described} where {vq!r} writes {settings.groups} codes "
            f"up to {settings.codewords - 1}: they have different codebooks; "
            "give a tokeniser and a BERT that belong together"
        )
