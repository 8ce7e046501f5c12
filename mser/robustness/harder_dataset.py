"""A dataset whose utterances are made harder in one way; everything else of it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from mser.data.audio import SHORTEST, at_least
from mser.data.augment import Draw
from mser.data.batch import Batch, UtteranceDataset
from mser.data.noise import with_noise
from mser.everyday.bare_words import unpunctuated
from mser.everyday.changes import CHANGES, changed
from mser.manifest import Utterance
from mser.robustness.conditions import WHITE, Condition
from mser.robustness.garbled_transcripts import garbled


@dataclass(frozen=True)
class OtherWords:
    """Where words come from that nobody said.

    Attributes:
        vocabulary: each as often as it may be drawn in the place of another.
        heard: what a recogniser makes of each utterance, by its id.
    """

    vocabulary: Sequence[str]
    heard: Mapping[str, str] = field(default_factory=dict)

    def of(self, utterance: Utterance, condition: Condition) -> str:
        """Return an utterance's transcript under a condition."""
        if condition.kind == "wer":
            return garbled(utterance.transcript, condition.level, self.vocabulary, key=utterance.id)
        if condition.kind == "unpunctuated":
            return unpunctuated(utterance.transcript)
        return self.heard[utterance.id] if condition.kind == "asr" else utterance.transcript


class Harder(UtteranceDataset):
    """The same utterances under a condition: the same change for every model, seed and run.

    Args:
        original: as they were recorded and written down.
        condition: what is done to them.
        words: where other words come from.
    """

    def __init__(self, original: UtteranceDataset, condition: Condition, words: OtherWords) -> None:
        super().__init__(original.utterances, original.root, original.task, max_seconds=original.max_seconds)
        self.condition = condition
        self.utterances = [replace(one, transcript=words.of(one, condition)) for one in original.utterances]

    def __getitem__(self, chosen: list[int] | Draw) -> Batch:
        """Return one batch, with a side taken away if the condition says so."""
        batch = super().__getitem__(chosen)
        nobody = torch.zeros(len(batch), dtype=torch.bool)
        if self.condition.kind == "no_text":
            return replace(batch, text_given=nobody)
        return replace(batch, speech_given=nobody) if self.condition.kind == "no_speech" else batch

    def clip(self, index: int) -> Tensor:
        """Return (samples,) of one utterance as it sounds under the condition."""
        clip, key = super().clip(index), self.utterances[index].id
        if self.condition.kind == "snr":
            return noisy(clip, self.condition, key=key)
        if self.condition.kind not in CHANGES:
            return clip
        random = np.random.default_rng((crc32(key.encode()), crc32(self.condition.kind.encode())))
        other = changed(clip.numpy(), self.condition.kind, self.condition.level, random)
        return at_least(torch.from_numpy(np.ascontiguousarray(other)), SHORTEST)


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
