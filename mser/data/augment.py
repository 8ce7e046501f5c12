"""What is done to utterances in training, anew in each epoch: a function of the seed, the epoch and the utterance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np
from torch import Tensor

from mser.data.batches import LengthBatches
from mser.errors import UserError


class Draw(NamedTuple):
    """A batch that is to be augmented.

    Attributes:
        epoch: for which epoch.
        indices: of its utterances.
    """

    epoch: int
    indices: list[int]


@dataclass(frozen=True)
class Augment:
    """Changes to the training part; none by default. Resuming and the number of workers do not alter them.

    Attributes:
        speed: factors of which each utterance is played at one, pitch and all; ``[0.9, 1.0, 1.1]`` is usual.
        modality_dropout: share of the utterances that lose one side, speech or text, in [0, 1]; see `Fusion`.

    Raises:
        UserError: for a value that makes no sense.
    """

    speed: tuple[float, ...] = ()
    modality_dropout: float = 0.0

    def __post_init__(self) -> None:
        if not all(0.5 <= factor <= 2 for factor in self.speed):
            raise UserError(f"augment.speed holds {list(self.speed)}; expected factors from 0.5 to 2, such as 0.9")
        if not 0 <= self.modality_dropout <= 1:
            raise UserError(f"augment.modality_dropout is {self.modality_dropout}; expected a share from 0 to 1")

    @property
    def stretch(self) -> float:
        """How many times as long an utterance can become, at least 1."""
        return max([1.0, *(1 / factor for factor in self.speed)])

    def clip(self, clip: Tensor, key: tuple[int, int, str]) -> Tensor:
        """Return a (samples,) clip as it sounds to the training.

        Args:
            clip: as it was recorded.
            key: seed, epoch and utterance.
        """
        if not self.speed:
            return clip
        factor = self.speed[_random(key, "speed").integers(len(self.speed))]
        return _played(clip, factor)

    def sides(self, key: tuple[int, int, str]) -> tuple[bool, bool]:
        """Return whether the utterance's speech and its text are given; at least one of them is.

        Args:
            key: seed, epoch and utterance.
        """
        lost, which = _random(key, "sides").random(2)
        if lost >= self.modality_dropout:
            return True, True
        return (False, True) if which < 0.5 else (True, False)


NOTHING = Augment()


class WithEpoch:
    """A sampler of batches that says for which epoch they are: workers that load them cannot know.

    Args:
        batches: the sampler itself.
    """

    def __init__(self, batches: LengthBatches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Draw]:
        """Return what is still to come of the present epoch."""
        epoch = self.batches.epoch
        return (Draw(epoch, batch) for batch in self.batches)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that comes next."""
        self.batches.set_epoch(epoch)


def _random(key: tuple[int, int, str], what: str) -> np.random.Generator:
    """Return a generator of its own for each purpose, so that one change does not alter another's numbers."""
    seed, epoch, utterance = key
    return np.random.default_rng((seed, epoch, crc32(utterance.encode()), crc32(what.encode())))


def _played(clip: Tensor, factor: float) -> Tensor:
    if factor == 1:
        return clip
    from torchaudio.functional import resample

    played: Tensor = resample(clip, round(100 * factor), 100)
    return played
