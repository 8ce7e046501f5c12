"""Joint fine-tuning through mser: mser's own trainer settings, loading and callbacks."""

from __future__ import annotations

import logging
import warnings
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

from interleave import Clock, Figures
from lightning.pytorch import Callback, LightningModule, Trainer
from material import BUDGET, LABELS, SAMPLE_RATE, encoders, recordings
from plan import Batches


class Stopwatch(Callback):
    """Times the epoch and adds up what is in its batches."""

    def __init__(self) -> None:
        self.figures: Figures = {}
        self.batches: list[tuple[float, float]] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin."""
        self._clock = Clock()

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Note padded and actual samples."""
        self.batches.append((batch.waveform.numel(), float(batch.lengths.sum())))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End."""
        self.figures = self._clock.read()


def train(batches: Batches, precision: str = "32-true", *, checkpointing: bool = False) -> Figures:
    """Return the figures of an epoch of these batches."""
    stopwatch = Stopwatch()
    trainer = quiet_trainer(stopwatch, max_epochs=1, precision=precision, limit_val_batches=0)
    trainer.fit(model(checkpointing=checkpointing), _data(batches))
    padded, actual = map(sum, zip(*stopwatch.batches, strict=True))
    largest = max(samples for samples, _ in stopwatch.batches)
    return {
        **stopwatch.figures,
        "speech": actual / SAMPLE_RATE,
        "padding": padded / actual,
        "largest": largest / SAMPLE_RATE,
    }


def quiet_trainer(*callbacks: Callback, **options: Any) -> Trainer:
    """Return a trainer with mser's own settings that writes nothing and keeps no checkpoint."""
    from mser.callbacks.non_finite import NonFinite
    from mser.training import TRAINER_DEFAULTS

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    own = {name: value for name, value in TRAINER_DEFAULTS.items() if name != "plugins"}
    return Trainer(
        **{**own, **options},
        accelerator="cpu",
        callbacks=[NonFinite(), *callbacks],
        enable_checkpointing=False,
        enable_progress_bar=False,
    )


def model(*, checkpointing: bool = False, tune: str = "full") -> Any:
    """Return a recogniser of base size with random weights."""
    import torch

    from mser.encoders.encoder import SpeechEncoder, TextEncoder
    from mser.encoders.pretrained import architecture_only
    from mser.recognizer import EmotionRecognizer

    speech, text = encoders()
    torch.manual_seed(1)
    with architecture_only():
        return EmotionRecognizer(
            LABELS,
            speech=SpeechEncoder(speech, checkpointing=checkpointing, tune=tune),
            text=TextEncoder(text, checkpointing=checkpointing, tune=tune),
            optimizer=partial(torch.optim.AdamW, lr=2e-5, fused=True),
            head_lr=None,
        )


def _data(batches: Batches) -> Any:
    """Return a datamodule over a table of these batches, which come as they are."""
    from torch.utils.data import DataLoader

    from mser.data.datamodules import Table

    table = recordings([seconds for batch in batches for seconds in batch], "mser")
    ends = list(accumulate(map(len, batches), initial=0))
    chosen = [list(range(start, end)) for start, end in pairwise(ends)]

    class Chosen(Table):
        def train_dataloader(self) -> DataLoader[Any]:
            return DataLoader(self.datasets["train"], sampler=chosen, batch_size=None)

    return Chosen(str(table), labels=LABELS, batch_seconds=BUDGET)
