"""One label per utterance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from mser.errors import require
from mser.objectives.objective import Objective


class CrossEntropy(Objective):
    """One label per utterance: softmax and cross-entropy.

    Args:
        labels: the classes.
        class_weights: ``balanced`` weighs each class by the inverse of its share in the training fold, so that the
            loss follows UA rather than WA.
        label_smoothing: share of the target spread over all classes, in [0, 1).
    """

    kinds = ("labels",)
    exclusive = True
    weights: Tensor

    def __init__(
        self,
        labels: Sequence[str],
        *,
        class_weights: Literal["none", "balanced"] = "none",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        fits = 0 <= label_smoothing < 1
        require("model.objective.init_args.label_smoothing", label_smoothing, fits, "a share from 0 to below 1")
        self.outputs = len(labels)
        self.balanced = class_weights == "balanced"
        self.label_smoothing = label_smoothing
        self.register_buffer("weights", torch.ones(len(labels)))

    def prepare(self, target: Tensor) -> None:
        """Set the weights: their mean over the training utterances is 1, so the learning rate keeps its meaning."""
        if self.balanced:
            counts = target.bincount(minlength=self.outputs)
            self.weights.copy_(counts.sum() / (len(counts) * counts.clamp(min=1)))

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) weighted cross-entropies."""
        return functional.cross_entropy(
            logits.float(), target, self.weights, reduction="none", label_smoothing=self.label_smoothing
        )

    def answers(self, logits: Tensor) -> Tensor:
        """Return (B, C) that sum to 1."""
        return logits.float().softmax(dim=-1)
