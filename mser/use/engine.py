"""What runs a model's weights: PyTorch, or ONNX Runtime where PyTorch need not be installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mser.manifest import Seconds
from mser.scoring.temperature import Floats
from mser.use.prepared import Ready

Precision = Literal["32", "bf16"]
Side = Literal["fused", "speech", "text"]
AT_ONCE_ON_CPU: Seconds = 8.0
"""In batches of more, what a layer passes on leaves a processor's caches: 30 s take a fifth longer for each clip."""


class Engine(Protocol):
    """What runs a model's weights: PyTorch or ONNX Runtime."""

    def answers(self, chosen: Sequence[Ready]) -> list[Floats]:
        """Return, of each member, (B, C) probabilities that are not calibrated yet, or scores."""

    def embedding(self, clip: Ready, of: Side, *, frames: bool = False, member: int = 0) -> NDArray[np.float32]:
        """Return (D,) of a clip that has the side, or (T, D) of its frames or tokens, as a member computes it."""

    @property
    def at_once(self) -> Seconds:
        """How many seconds of audio are worth a batch; more would take no less time for each."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a transcript are read; 0 for a model that only hears."""

    def cuts(self, text: str) -> bool:
        """Return whether a transcript has more tokens than are read."""
