"""Batches of similar lengths under a budget of padded seconds, the same for any number of workers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from mser.errors import UserError
from mser.manifest import Seconds

JITTER = 0.05
"""How far an utterance may pretend to be longer or shorter: whom it meets in a batch changes from epoch to epoch."""
SLACK = 1.03
"""Batches per epoch over the fewest possible: every epoch has the same number, whatever the jitter."""


class LengthBatches:
    """A sampler of whole batches: lists of indices of utterances of similar lengths.

    Every utterance is in exactly one batch of one process, and all processes get the same number of batches, of
    similar work in each step (only where each utterance needs its own batch and the processes do not divide them, some
    come twice). The order depends on the seed and the epoch alone.

    Args:
        durations: seconds of each utterance.
        budget: most seconds of padded audio in a batch; never exceeded.
        most: most utterances in a batch.
        shuffle: new batches in a new order each epoch; without it they stay, longest first.
        seed: of the shuffle.
        rank: which process this is.
        world: how many processes there are.
        epoch: where to begin, from 0.
        done: how many batches of that epoch this process has already had.

    Raises:
        UserError: if an utterance alone exceeds the budget, or there are fewer utterances than processes.

    Example:
        >>> list(LengthBatches([1.0, 5.0, 1.1, 4.0], budget=10.0))
        [[1, 3], [2, 0]]
    """

    def __init__(
        self,
        durations: Sequence[Seconds],
        budget: Seconds,
        *,
        most: int | None = None,
        shuffle: bool = False,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        epoch: int = 0,
        done: int = 0,
    ) -> None:
        self.durations = np.asarray(durations, dtype=float)
        self.budget, self.most = budget, most or len(durations)
        self.shuffle, self.seed, self.epoch, self.done = shuffle, seed, epoch, done
        self.rank, self.world = rank, world
        if len(durations) < world:
            raise UserError(f"{len(durations)} utterances cannot be shared by {world} processes; use fewer devices")
        if self.durations.max() > budget:
            raise UserError(
                f"the longest utterance lasts {self.durations.max():.1f} s but a batch may hold {budget:.1f} s; "
                f"raise data.init_args.batch_seconds to {math.ceil(self.durations.max())} or cut with "
                "data.init_args.max_seconds"
            )
        fewest = len(self._pack(self.durations))
        # Where only `most` limits the batches, jitter does not change their number: every one stays full.
        full = fewest == math.ceil(len(durations) / self.most)
        planned = min(math.ceil(fewest * SLACK), len(durations)) if shuffle and not full else fewest
        self.count = math.ceil(planned / world) * world

    def __len__(self) -> int:
        """Return the batches per epoch of one process."""
        return self.count // self.world

    def __iter__(self) -> Iterator[list[int]]:
        """Return this process's batches of the present epoch that are still to come."""
        return iter(self.batches()[self.rank :: self.world][self.done :])

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next."""
        if epoch != self.epoch:
            self.epoch, self.done = epoch, 0

    def batches(self) -> list[list[int]]:
        """Return the batches of all processes; neighbours of the same step have similar lengths."""
        random = np.random.default_rng((self.seed, self.epoch))
        batches = self._split(self._jittered(random) if self.shuffle else self._pack(self.durations))
        if not self.shuffle:
            return batches
        steps = [batches[start : start + self.world] for start in range(0, len(batches), self.world)]
        random.shuffle(steps)
        return [batch for step in steps for batch in step]

    def padding(self) -> float:
        """Return padded over actual seconds of the present epoch, at least 1."""
        padded = sum(len(batch) * self.durations[batch].max() for batch in self.batches())
        return float(padded / self.durations.sum())

    def _jittered(self, random: np.random.Generator) -> list[list[int]]:
        """Pack under jitter, less of it until the batches are no more than planned."""
        jitter = JITTER
        while True:
            order = self.durations * random.uniform(1 - jitter, 1 + jitter, len(self.durations))
            batches = self._pack(order)
            if len(batches) <= self.count:
                return batches
            jitter = jitter / 2 if jitter > 1e-3 else 0.0

    def _pack(self, order: np.ndarray) -> list[list[int]]:
        """Fill batches in descending order, each as far as the budget goes."""
        batches: list[list[int]] = []
        longest = 0.0
        for index in np.argsort(-order, kind="stable").tolist():
            longest = max(longest, self.durations[index])
            size = len(batches[-1]) + 1 if batches else 1
            if batches and size <= self.most and size * longest <= self.budget:
                batches[-1].append(index)
            else:
                batches.append([index])
                longest = self.durations[index]
        return batches

    def _split(self, batches: list[list[int]]) -> list[list[int]]:
        """Halve the fullest batches until there are as many as planned; at worst repeat some for the last processes."""
        while len(batches) < self.count:
            fullest = max(range(len(batches)), key=lambda position: len(batches[position]))
            batch = batches[fullest]
            if len(batch) == 1:
                return batches + batches[: self.count - len(batches)]
            batches[fullest : fullest + 1] = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        return batches
