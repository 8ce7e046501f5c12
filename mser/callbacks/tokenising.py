"""Speech that is read as tokens is tokenised before training starts, with a progress bar."""

from __future__ import annotations

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from mser.data.batch import UtteranceDataset
from mser.encoders.speech_bert.backbone import SpeechBert


class TokeniseSpeech(Callback):
    """Fills the token cache of a Speech-BERT, each process its share; any other encoder it leaves alone."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Tokenise what the stage will need; what is in the cache already only costs reading the audio."""
        backbone = getattr(pl_module.speech, "backbone", None)
        if not isinstance(backbone, SpeechBert):
            return
        for dataset in trainer.datamodule.datasets.values():  # type: ignore[attr-defined]
            share = range(trainer.global_rank, len(dataset), trainer.world_size)
            device = trainer.strategy.root_device
            backbone.prepare((_named(dataset, index, device) for index in share), total=len(share))


def _named(dataset: UtteranceDataset, index: int, device: torch.device) -> tuple[str, Tensor]:
    return dataset.utterances[index].id, dataset[[index]].waveform[0].to(device)
