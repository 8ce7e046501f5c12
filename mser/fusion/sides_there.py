"""Which utterances of a batch have a side."""

from __future__ import annotations

from torch import Tensor

from mser.encoders.outputs import Encoded


def there(side: Encoded) -> Tensor:
    """Return (B, 1) false for utterances that lack a side: it comes as zeros, see `mser.fusion.Fusion`."""
    return side.summary.ne(0).any(dim=-1, keepdim=True)
