"""What an encoder, of speech or text, says of a batch."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Encoded(NamedTuple):
    """The one face of all encoders' outputs.

    Attributes:
        states: (B, T, D) one state per frame or token; meaningless where `mask` is false.
        mask: (B, T) true at real frames or tokens.
        summary: (B, D) one vector per utterance.
    """

    states: Tensor
    mask: Tensor
    summary: Tensor

    def given(self, rows: Tensor | None) -> Encoded:
        """Return it with zeros, in states and summary, for the utterances that are not among the given ones.

        Args:
            rows: (B,) true for those that are; all of them when None.
        """
        if rows is None:
            return self
        absent = ~rows.unsqueeze(1)
        return Encoded(self.states.masked_fill(absent.unsqueeze(2), 0), self.mask, self.summary.masked_fill(absent, 0))


class Kept(NamedTuple):
    """What the backbone of a frozen encoder said of a batch at another time.

    Attributes:
        states: (B, T, L, D) of the last layer (L = 1) or of all; T is 1 where they were pooled right away.
        mask: (B, T) true at real frames or tokens.
    """

    states: Tensor
    mask: Tensor
