"""What all measurements work on, made up: recordings as long as IEMOCAP's, and encoders of base size without weights.

``QUICK=1`` makes everything small, to see in two minutes that it works; its figures say nothing.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist

import numpy as np

QUICK = bool(os.environ.get("QUICK"))
FOLDER = Path(os.environ.get("BENCH") or "runs/bench") / ("quick" if QUICK else "base")
SAMPLE_RATE = 16_000
MEDIAN, MEAN, SHORTEST, LONGEST = 3.58, 4.55, 0.585, 34.139
"""Seconds of IEMOCAP's 5,531 utterances of four classes."""
UTTERANCES = 5531
BATCH = 8
"""Utterances in a batch, on average: the default of Hugging Face's Trainer."""
BUDGET = 42.0
"""Most seconds in a batch of mser: with them it makes as many updates an epoch, within one in a hundred."""
LABELS = ["neu", "sad", "ang", "hap"]
WORDS = [f"word{number}" for number in range(500)]
PACE = 2.5
"""Words in a second."""


def lengths(count: int) -> list[float]:
    """Return seconds of so many utterances: evenly spaced quantiles of a log-normal as wide as IEMOCAP's lengths."""
    spread = math.sqrt(2 * math.log(MEAN / MEDIAN))
    normal = NormalDist()
    drawn = (MEDIAN * math.exp(spread * normal.inv_cdf((place + 0.5) / count)) for place in range(count))
    return [min(max(seconds, SHORTEST), LONGEST) for seconds in drawn]


def recordings(seconds: Sequence[float], name: str, *, rate: int = SAMPLE_RATE) -> Path:
    """Return a table of recordings in 16-bit PCM, as long as asked and in that order."""
    table = FOLDER / name / "recordings.csv"
    (table.parent / "clips").mkdir(parents=True, exist_ok=True)
    # Each part wants an utterance of each label: there are short ones that are in no batch and are not looked at.
    rows = [
        _record(table.parent, number, one, rate, split)
        for number, (one, split) in enumerate(
            [
                *((one, "train") for one in seconds),
                *((1.0, split) for split in ("train", "val", "test") for _ in LABELS),
            ]
        )
    ]
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return table


def rows(table: Path) -> list[dict[str, str]]:
    """Return the rows of the training part, their recordings as whole paths."""
    with table.open(newline="", encoding="utf-8") as file:
        found = [{**row, "audio": str(table.parent / row["audio"])} for row in csv.DictReader(file)]
    return [row for row in found if row["split"] == "train"]


def encoders() -> tuple[str, str]:
    """Return the folders of HuBERT and RoBERTa: settings, feature settings and a tokenizer of made-up words."""
    from transformers import BertTokenizerFast, HubertConfig, RobertaConfig, Wav2Vec2FeatureExtractor

    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    fewer = {"conv_dim": (16,) * 7, "num_conv_pos_embedding_groups": 4}
    speech, text = FOLDER / "speech", FOLDER / "text"  # as in a model folder, which this one becomes
    # As mser reads such checkpoints: neither layers nor frames are left out at random.
    plain = {"layerdrop": 0.0, "apply_spec_augment": False}
    HubertConfig(**plain, **({**small, **fewer} if QUICK else {}), num_labels=len(LABELS)).save_pretrained(speech)
    Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(speech)
    RobertaConfig(
        pad_token_id=0, max_position_embeddings=514, type_vocab_size=1, **(small if QUICK else {})
    ).save_pretrained(text)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    BertTokenizerFast(vocab={word: number for number, word in enumerate(vocabulary)}).save_pretrained(text)
    return str(speech), str(text)


def _record(folder: Path, number: int, seconds: float, rate: int, split: str) -> dict[str, str]:
    import soundfile

    random = np.random.default_rng(number)
    name = f"clips/{number:04}.wav"
    soundfile.write(folder / name, random.normal(0, 0.05, round(seconds * rate)), rate, subtype="PCM_16")
    return {
        "audio": name,
        "transcript": " ".join(random.choice(WORDS, max(round(PACE * seconds), 1))),
        "label": LABELS[number % len(LABELS)],
        "speaker": f"speaker{number}",
        "split": split,
    }
