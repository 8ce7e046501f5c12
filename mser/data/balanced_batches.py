"""Batches of an epoch in which every class comes equally often."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mser.data.batches import LengthBatches
from mser.manifest import Seconds


class BalancedBatches(LengthBatches):
    """Batches of similar lengths from as many utterances as there are, each class drawn equally often.

    Of a rare class every utterance comes before any comes again; of a frequent one another part comes in each epoch. An
    epoch has as many batches as without it: where the drawn utterances are longer a few batches are left out.
    Source: class-balanced sampling of Kang et al. 2020, arXiv 1910.09217.

    Args:
        durations: seconds of each utterance.
        budget: most seconds of padded audio in a batch.
        classes: (N,) the class of each utterance.
        most: most utterances in a batch.
        seed: of the draws.
        rank: which process this is.
        world: how many processes there are.
        epoch: where to begin, from 0.
        done: how many batches of that epoch this process has already had.

    Example:
        >>> batches = BalancedBatches([1.0] * 8, 4.0, [0, 0, 0, 0, 0, 0, 0, 1])
        >>> sum(batch.count(7) for batch in batches)
        4
    """

    def __init__(
        self,
        durations: Sequence[Seconds],
        budget: Seconds,
        classes: Sequence[int],
        *,
        most: int | None = None,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        epoch: int = 0,
        done: int = 0,
    ) -> None:
        super().__init__(
            durations, budget, most=most, shuffle=True, seed=seed, rank=rank, world=world, epoch=epoch, done=done
        )
        self.classes = np.asarray(classes)

    def batches(self) -> list[list[int]]:
        """Return the batches of all processes; the draw depends on the seed and the epoch alone."""
        drawn = self._drawn(np.random.default_rng((self.seed, self.epoch, 1)))
        packed = LengthBatches(
            self.durations[drawn].tolist(), self.budget, most=self.most, shuffle=True, seed=self.seed, world=self.world,
            epoch=self.epoch,
        )  # fmt: skip
        named = [[int(drawn[place]) for place in batch] for batch in packed.batches()]
        return self._split(named)[: self.count]

    def _drawn(self, random: np.random.Generator) -> NDArray[np.int64]:
        """Return (N,) indices: an equal number of each class, the remainder to some at random."""
        kinds = random.permutation(np.unique(self.classes))
        quotas = np.full(len(kinds), len(self.classes) // len(kinds))
        quotas[: len(self.classes) % len(kinds)] += 1
        return np.concatenate([_cycled(np.flatnonzero(self.classes == kind), quota, random)
                               for kind, quota in zip(kinds, quotas, strict=True)])  # fmt: skip


def _cycled(indices: NDArray[np.int64], number: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return so many of the indices in random order, each as often as any other but for one."""
    rounds = -(-number // len(indices))
    return np.concatenate([random.permutation(indices) for _ in range(rounds)])[:number]
