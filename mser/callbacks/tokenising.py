"""Speech that is read as tokens is tokenised before training starts, with a progress bar."""

from __future__ import annotations

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from mser.data.batch import UtteranceDataset
from mser.encoders.speech_bert import SpeechBert


class TokeniseSpeech(Callback):
    """Fills the token cache of a Speech-BERT, each process its share; any other encoder it leaves alone."""

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Tokenise what the stage will need; what is in the cache already only costs reading the audio."""
        backbone = getattr(pl_module.speech, "backbone", None)
        if not isinstance(backbone, SpeechBert):
            return
        for dataset in trainer.datamodule.datasets.values():  # type: ignore[attr-defined]
            share = range(trainer.global_rank, len(dataset), trainer.world_size)
            waveforms = (_waveform(dataset, index).to(trainer.strategy.root_device) for index in share)
            backbone.prepare(waveforms, total=len(share))


def _waveform(dataset: UtteranceDataset, index: int) -> Tensor:
    return dataset[[index]].waveform[0]
