"""What an encoder does before a corpus is read, such as reading all speech as tokens, is done as a stage begins."""

from __future__ import annotations

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from mser.data.batch import UtteranceDataset
from mser.encoders.backbone import Backbone


class TokeniseSpeech(Callback):
    """Lets the speech encoder prepare, each process its share: a Speech-BERT fills its token cache."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Prepare what the stage will need; what is in a cache already only costs reading the audio."""
        backbone: Backbone | None = getattr(pl_module.speech, "backbone", None)
        if backbone is None:
            return
        for dataset in trainer.datamodule.datasets.values():  # type: ignore[attr-defined]
            share = range(trainer.global_rank, len(dataset), trainer.world_size)
            device = trainer.strategy.root_device
            backbone.prepare((_named(dataset, index, device) for index in share), total=len(share))


def _named(dataset: UtteranceDataset, index: int, device: torch.device) -> tuple[str, Tensor]:
    return dataset.utterances[index].id, dataset[[index]].waveform[0].to(device)
