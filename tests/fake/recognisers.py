"""Makes small speech recognisers that always hear the same letters."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers as hf

SMALL = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}


def save_recogniser(folder: Path, hears: str = "a") -> Path:
    """Make a folder of a recogniser (CTC) that writes one letter, or none for ``_``, whatever is said."""
    folder.mkdir()
    letters = ["_", "|", "a", "b", "."]
    (folder / "vocab.json").write_text(json.dumps({letter: place for place, letter in enumerate(letters)}))
    marks = dict.fromkeys(("pad_token", "unk_token"), "_") | {"word_delimiter_token": "|"}
    tokenizer = hf.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"), **marks)
    extractor = hf.Wav2Vec2FeatureExtractor()
    hf.Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    config = hf.Wav2Vec2Config(**SMALL, vocab_size=len(letters), conv_dim=(16,) * 7, num_conv_pos_embedding_groups=4)
    model = hf.Wav2Vec2ForCTC(config)
    torch.nn.init.zeros_(model.lm_head.weight)
    model.lm_head.bias.data = torch.eye(len(letters))[letters.index(hears)]
    model.save_pretrained(folder)
    return folder
