"""The same joint fine-tuning through Hugging Face's Trainer: two encoders, their summaries side by side, a head.

As its documentation advises for such checkpoints (``feat_extract_norm="group"``), HuBERT gets no attention mask: what
it says of a clip depends on the clip's neighbours, which mser's does not, and it computes less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from interleave import Clock, Figures
from material import BATCH, LABELS, SAMPLE_RATE, encoders, recordings, rows
from plan import Batches
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModel,
    AutoTokenizer,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)


class Joint(nn.Module):
    """HuBERT's mean state and RoBERTa's first one, and four answers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        speech, text = (AutoConfig.from_pretrained(folder) for folder in encoders())
        self.speech = AutoModel.from_config(speech)
        self.text = AutoModel.from_config(text, add_pooling_layer=False)
        self.speech.feature_extractor._freeze_parameters()
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(speech.hidden_size + text.hidden_size, len(LABELS))

    def gradient_checkpointing_enable(self, *_: Any, **__: Any) -> None:
        """Pass it on to both encoders."""
        for encoder in (self.speech, self.text):
            encoder.gradient_checkpointing_enable()

    activation_checkpointing_enable = gradient_checkpointing_enable  # its name since transformers 5.20

    def forward(self, input_values: Tensor, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> Any:
        """Return loss and logits."""
        heard = self.speech(input_values).last_hidden_state.mean(1)
        read = self.text(input_ids, attention_mask=attention_mask).last_hidden_state[:, 0]
        logits = self.head(self.dropout(torch.cat([read, heard], -1)))
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class Recordings(Dataset[dict[str, Any]]):
    """Reads a recording when it is asked for, as mser does."""

    def __init__(self, batches: Batches) -> None:
        seconds = [one for batch in batches for one in batch]
        self.rows = rows(recordings(seconds, "hf"))[: len(seconds)]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        import soundfile

        samples, _ = soundfile.read(self.rows[index]["audio"], dtype="float32")
        return {**self.rows[index], "input_values": samples}


class Collate:
    """Pads with the feature extractor and the tokenizer, and adds up what is in the batches."""

    def __init__(self) -> None:
        speech, text = encoders()
        self.extractor = AutoFeatureExtractor.from_pretrained(speech)
        self.tokenizer = AutoTokenizer.from_pretrained(text)
        self.batches: list[tuple[int, int]] = []

    def __call__(self, items: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Return what `Joint` takes."""
        clips = [item["input_values"] for item in items]
        heard = self.extractor(clips, sampling_rate=SAMPLE_RATE, padding=True, return_tensors="pt")
        read = self.tokenizer([item["transcript"] for item in items], padding=True, return_tensors="pt")
        self.batches.append((heard["input_values"].numel(), sum(map(len, clips))))
        return {
            "input_values": heard["input_values"],
            "input_ids": read["input_ids"],
            "attention_mask": read["attention_mask"],
            "labels": torch.tensor([LABELS.index(item["label"]) for item in items]),
        }


class Stopwatch(TrainerCallback):
    """Times the epoch."""

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Begin."""
        self._clock = Clock()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """End."""
        self.figures = self._clock.read()


def train(batches: Batches, **options: Any) -> Figures:
    """Return the figures of an epoch of these batches of eight, with these settings beside the Trainer's own."""
    stopwatch, collate = Stopwatch(), Collate()
    arguments = TrainingArguments(
        "runs/bench/hf", num_train_epochs=1, per_device_train_batch_size=BATCH, learning_rate=2e-5, use_cpu=True,
        save_strategy="no", report_to="none", disable_tqdm=True, remove_unused_columns=False,
        train_sampling_strategy="sequential", optim="adamw_torch_fused", **options,
    )  # fmt: skip
    trainer = Trainer(
        Joint(), arguments, train_dataset=Recordings(batches), data_collator=collate, callbacks=[stopwatch],
        processing_class=collate.extractor,
    )  # fmt: skip
    trainer.train()
    padded, actual = map(sum, zip(*collate.batches, strict=True))
    largest = max(samples for samples, _ in collate.batches)
    figures = {"padding": padded / actual, "largest": largest / SAMPLE_RATE}
    return {**stopwatch.figures, "speech": actual / SAMPLE_RATE, **figures}
