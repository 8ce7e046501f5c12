"""What is done to utterances in training, anew in each epoch: a function of the seed, the epoch and the utterance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from mser.data.batches import LengthBatches
from mser.data.everyday_versions import AS_IT_IS, PARTS, EverydayVersions, Version, sounding
from mser.data.masking import spec_masked
from mser.data.noise import Decibels, require_noise, with_noise
from mser.errors import UserError

Key = tuple[int, int, str]
"""Seed, epoch and utterance: what is done to an utterance depends on these alone."""


class Draw(NamedTuple):
    """A batch that is to be augmented.

    Attributes:
        epoch: for which epoch.
        indices: of its utterances.
    """

    epoch: int
    indices: list[int]


class Hiding(NamedTuple):
    """Which states of a batch of utterances are hidden, each by itself; how many there are, only the encoder knows.

    Attributes:
        share: of the states, but never the first.
        keys: of the utterances.
    """

    share: float
    keys: list[Key]

    def seen(self, mask: Tensor, side: str) -> Tensor:
        """Return the mask (B, T) of a side's states, ``speech`` or ``text``, without the hidden ones."""
        drawn = np.stack([_random(key, side).random(mask.shape[1]) for key in self.keys])
        drawn[:, 0] = 1
        return mask & torch.from_numpy(drawn >= self.share).to(mask.device)


@dataclass(frozen=True)
class Augment:
    """Changes to the training part; none by default. Resuming and the number of workers do not alter them.

    Speech is changed by `everyday` first, then in the order of these attributes.

    Attributes:
        speed: factors of which each utterance is played at one, pitch and all; ``[0.9, 1.0, 1.1]`` is usual.
        noise: a folder of recordings; a stretch of one is put under each utterance.
        snr: the least and the greatest signal-to-noise ratio, in dB; each utterance has one between them.
        time_masking: the most of an utterance that falls silent, in two stretches, in [0, 1]; see `spec_masked`.
        frequency_masking: the most of the mel scale that falls silent, in two bands, in [0, 1].
        token_masking: share of each encoder's states that is hidden from pooling and fusion, never the first one; as
            the paper's code has it for unlabelled utterances, with 0.5, in co-attention.
        modality_dropout: share of the utterances that lose one side, speech or text, in [0, 1]; see `Fusion`.
        everyday: each utterance is one of ``as_it_is``, ``trimmed``, ``levelled``, with ``noise`` at 20 dB, over a
            ``telephone``, in a ``room``; or a weight for each of those that are wanted. Frozen encoders hear each once.
        views: how many noises, and how many places in rooms, each utterance has for that; 1 when null.

    Raises:
        UserError: for a value that makes no sense.
    """

    speed: tuple[float, ...] = ()
    noise: str | None = None
    snr: tuple[Decibels, Decibels] = (5.0, 20.0)
    time_masking: float = 0.0
    frequency_masking: float = 0.0
    token_masking: float = 0.0
    modality_dropout: float = 0.0
    everyday: bool | dict[str, float] | None = None
    views: int | None = None

    def __post_init__(self) -> None:
        self._everyday()  # which refuses what makes no sense
        if self.views is not None and not self.everyday:
            raise UserError("augment.views is for augment.everyday, which is not asked for; leave it out")
        if not all(0.5 <= factor <= 2 for factor in self.speed):
            raise UserError(f"augment.speed holds {list(self.speed)}; expected factors from 0.5 to 2, such as 0.9")
        if not -100 <= self.snr[0] <= self.snr[1] <= 100:
            raise UserError(f"augment.snr is {list(self.snr)}; expected the least and the greatest dB, such as [5, 20]")
        for name in ("time_masking", "frequency_masking", "token_masking", "modality_dropout"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"augment.{name} is {getattr(self, name)}; expected a share from 0 to 1")

    def _everyday(self) -> EverydayVersions | None:
        if self.everyday is None or self.everyday is False:
            return None
        weights = dict.fromkeys(PARTS, 1.0) if self.everyday is True else self.everyday
        return EverydayVersions(weights, 1 if self.views is None else self.views)

    @property
    def versions(self) -> list[Version]:
        """The versions that an utterance is drawn from, one where nothing is drawn."""
        everyday = self._everyday()
        return everyday.all if everyday else [AS_IT_IS]

    def version(self, key: Key) -> int:
        """Return the place in `versions` of the one that an utterance has in an epoch."""
        everyday = self._everyday()
        return everyday.drawn(_random(key, "everyday")) if everyday else 0

    @property
    def changes_speech(self) -> bool:
        """Whether waveforms differ from epoch to epoch in more ways than there are `versions`."""
        return bool(self.speed or self.noise or self.time_masking or self.frequency_masking)

    @property
    def stretch(self) -> float:
        """How many times as long an utterance can become, at least 1."""
        return max([1.0, *(1 / factor for factor in self.speed)])

    def require(self, *, speech: bool, text: bool, states: bool) -> None:
        """Accept what can be done to a model.

        Args:
            speech: whether it hears.
            text: whether it reads.
            states: whether it makes anything of more than its encoders' first states.

        Raises:
            UserError: if something would have no effect, or there is no noise where it should be.
        """
        if self.modality_dropout and not (speech and text):
            raise UserError("augment.modality_dropout takes a side away, but the model has only one; set it to 0")
        if (self.changes_speech or self.everyday) and not speech:
            raise UserError(
                "augment.everyday, speed, noise, time_masking and frequency_masking change speech, but the model only "
                "reads; leave them out"
            )
        if self.token_masking and not states:
            raise UserError(
                "augment.token_masking hides states that shallow fusion of first states never sees; set pooling to "
                "mean or attention, or model.fusion to CoAttention"
            )
        if self.noise:
            require_noise(self.noise)

    def require_possible(self) -> None:
        """Accept what can be made on this machine.

        Raises:
            UserError: for a room without what makes it.
        """
        if everyday := self._everyday():
            everyday.require()

    def clip(self, clip: Tensor, key: Key) -> Tensor:
        """Return a (samples,) clip as it sounds to the training."""
        clip = sounding(clip, self.versions[self.version(key)], key[2])
        if self.speed:
            clip = _played(clip, self.speed[_random(key, "speed").integers(len(self.speed))])
        if self.noise:
            clip = with_noise(clip, self.noise, self.snr, _random(key, "noise"))
        if self.time_masking or self.frequency_masking:
            shares = {"time": self.time_masking, "frequency": self.frequency_masking}
            clip = spec_masked(clip, **shares, random=_random(key, "masks"))
        return clip

    def hiding(self, keys: list[Key]) -> Hiding | None:
        """Return which of the utterances' states are hidden, or None if none are."""
        return Hiding(self.token_masking, keys) if self.token_masking else None

    def sides(self, key: Key) -> tuple[bool, bool]:
        """Return whether the utterance's speech and its text are given; at least one of them is."""
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


def _random(key: Key, what: str) -> np.random.Generator:
    """Return a generator of its own for each purpose, so that one change does not alter another's numbers."""
    seed, epoch, utterance = key
    return np.random.default_rng((seed, epoch, crc32(utterance.encode()), crc32(what.encode())))


def _played(clip: Tensor, factor: float) -> Tensor:
    """Return the clip at another speed, by soxr: it knows no threads, whose number differs between workers."""
    if factor == 1:
        return clip
    import soxr

    return torch.from_numpy(soxr.resample(clip.numpy(), round(100 * factor), 100))
