"""Which rows are there: a million of them in 16 MB."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class Keys:
    """How often each of many keys is there.

    Args:
        keys: whole numbers of 64 bits.

    Example:
        >>> there = Keys([7, 3, 7])
        >>> there.times(7), there.total(), there.take(3), there.take(3)
        (2, 3, True, False)
    """

    def __init__(self, keys: Iterable[int]) -> None:
        self._keys: NDArray[np.uint64]
        self._keys, self._times = np.unique(np.fromiter(keys, np.uint64), return_counts=True)

    def times(self, key: int) -> int:
        """Return how often a key is there."""
        place = self._place(key)
        return 0 if place is None else int(self._times[place])

    def take(self, key: int) -> bool:
        """Return whether there is such a key left, and take it."""
        place = self._place(key)
        if place is None or not self._times[place]:
            return False
        self._times[place] -= 1
        return True

    def total(self) -> int:
        """Return how many there are."""
        return int(self._times.sum())

    def copy(self) -> Keys:
        """Return others, from which keys can be taken."""
        other = Keys(())
        other._keys, other._times = self._keys, self._times.copy()
        return other

    def _place(self, key: int) -> int | None:
        place = int(self._keys.searchsorted(np.uint64(key)))
        return place if place < len(self._keys) and self._keys[place] == key else None
