"""Makes what the tests keep of an earlier mser; `README.md` says with which and how. Run by its Python, not by tests.

`corpus` alone is also called by the tests: its samples are whole numbers, the same on every machine.
"""

from __future__ import annotations

import csv
import random
import sys
import wave
from pathlib import Path

RATE = 16_000
PITCH = {"angry": 300, "calm": 130}
SPEAKERS = 6
SENTENCES = ("stop that now", "we can wait", "what a day , what a day")
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


def corpus(folder: Path) -> None:
    """Write a table of clips of square waves in noise: speakers differ in loudness, labels in pitch."""
    folder.mkdir(parents=True)
    chance = random.Random(7)
    rows = []
    for speaker in range(SPEAKERS):
        for number, (label, pitch) in enumerate(PITCH.items()):
            for turn, sentence in enumerate(SENTENCES):
                name = f"s{speaker}_{label}{turn}.wav"
                loud, length = 2000 + 700 * speaker, 3200 + 400 * (speaker + turn + number)
                samples = [
                    loud * (1 if i * 2 * (pitch + 7 * speaker) // RATE % 2 else -1) + chance.randint(-900, 900)
                    for i in range(length)
                ]
                with wave.open(str(folder / name), "wb") as file:
                    file.setparams((1, 2, RATE, 0, "NONE", ""))
                    file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
                rows.append({"audio": name, "transcript": sentence, "label": label, "speaker": f"s{speaker}"})
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def encoders(folder: Path) -> None:
    """Save the smallest HuBERT and BERT that do, with random weights."""
    import torch
    import transformers as hf

    torch.manual_seed(1)
    positions = {"num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 4}
    speech = hf.HubertModel(hf.HubertConfig(**SMALL, conv_dim=(8,) * 7, **positions))
    for parameter in speech.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)  # at the usual 0.02 hardly anything reaches the output
    speech.save_pretrained(folder / "speech")
    hf.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder / "speech")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(" ".join(SENTENCES).split())]
    tokenizer = hf.BertTokenizerFast(vocab={word: number for number, word in enumerate(words)})
    tokenizer.save_pretrained(folder / "text")
    text = hf.BertModel(hf.BertConfig(vocab_size=len(words), max_position_embeddings=32, **SMALL))
    text.save_pretrained(folder / "text")


if __name__ == "__main__":
    corpus(Path(sys.argv[1]) / "corpus")
    encoders(Path(sys.argv[1]) / "encoders")
