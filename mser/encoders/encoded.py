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
