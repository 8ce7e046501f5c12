"""A dataset whose utterances are made harder in one way; everything else of it stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from mser.data.augment import Draw
from mser.data.batch import Batch, UtteranceDataset
from mser.data.noise import with_noise
from mser.robustness.conditions import WHITE, Condition
from mser.robustness.garbled_transcripts import garbled


class Harder(UtteranceDataset):
    """The same utterances under a condition: the same change for every model, seed and run.

    Args:
        original: as they were recorded and written down.
        condition: what is done to them.
        vocabulary: where wrong words come from.
    """

    def __init__(self, original: UtteranceDataset, condition: Condition, vocabulary: Sequence[str]) -> None:
        super().__init__(original.utterances, original.root, original.task, max_seconds=original.max_seconds)
        self.condition = condition
        if condition.kind == "wer":
            self.utterances = [
                replace(
                    utterance, transcript=garbled(utterance.transcript, condition.level, vocabulary, key=utterance.id)
                )
                for utterance in original.utterances
            ]

    def __getitem__(self, chosen: list[int] | Draw) -> Batch:
        """Return one batch, with a side taken away if the condition says so."""
        batch = super().__getitem__(chosen)
        nobody = torch.zeros(len(batch), dtype=torch.bool)
        if self.condition.kind == "no_text":
            return replace(batch, text_given=nobody)
        return replace(batch, speech_given=nobody) if self.condition.kind == "no_speech" else batch

    def clip(self, index: int) -> Tensor:
        """Return (samples,) of one utterance, in noise if the condition says so."""
        clip = super().clip(index)
        return clip if self.condition.kind != "snr" else noisy(clip, self.condition, key=self.utterances[index].id)


def noisy(clip: Tensor, condition: Condition, *, key: str) -> Tensor:
    """Return a (samples,) clip with noise at exactly the condition's ratio of powers; a silent one stays as it is.

    The noise is the utterance's own and the same at every ratio.

    Args:
        clip: at 16 kHz.
        condition: of the kind ``snr``.
        key: of the utterance.
    """
    if not clip.any():
        return clip
    random = np.random.default_rng((crc32(key.encode()), crc32(b"noise")))
    if condition.noise != WHITE:
        return with_noise(clip, condition.noise, (condition.level, condition.level), random)
    from torchaudio.functional import add_noise

    noise = torch.from_numpy(random.standard_normal(len(clip), dtype=np.float32))
    mixed: Tensor = add_noise(clip[None], noise[None], clip.new_tensor([condition.level]))[0]
    return mixed
