"""What a frozen encoder has said of the utterances of a dataset, to be read a batch at a time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mser.encoders.masks import mask_of
from mser.encoders.outputs import Kept
from mser.encoders.state_cache import StateCache
from mser.errors import UserError


class KeptStates:
    """Reads states from the cache; nothing is held in memory.

    Args:
        cache: that of the encoder.
        keys: of the utterances, in the order of the dataset; of each as many as it has versions.
    """

    def __init__(self, cache: StateCache, keys: list[list[str]]) -> None:
        self.cache = cache
        self.keys = keys

    def __call__(self, indices: list[int], versions: list[int] | None = None) -> Kept:
        """Return the states of these utterances, padded, in float32.

        Args:
            indices: of the utterances.
            versions: which of its versions each has; the first when None.

        Raises:
            UserError: if they are no longer there.
        """
        rows = [self.of(*place) for place in zip(indices, versions or [0] * len(indices), strict=True)]
        return Kept(pad_sequence(rows, batch_first=True), mask_of(torch.tensor([len(row) for row in rows])))

    def of(self, index: int, version: int = 0) -> Tensor:
        """Return (T, L, D) of one utterance in one of its versions, in float32.

        Raises:
            UserError: if it is no longer there.
        """
        states = self.cache.get(self.keys[index][version])
        if states is None:
            raise UserError(
                f"states of a frozen encoder have vanished from {str(self.cache.folder)!r} while they were in use; "
                "run the same command again, and leave the folder alone until it has ended"
            )
        return states.float()
