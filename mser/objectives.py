"""What is asked of the model: how many outputs, which loss, and how outputs become probabilities and a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class Objective(nn.Module):
    """A task over C classes.

    Attributes:
        outputs: how many numbers the head gives per utterance.
    """

    outputs: int

    def prepare(self, counts: Tensor) -> None:
        """Take note of the (C,) class counts of the training fold, before training begins."""

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) the loss of each utterance, computed in float32.

        Args:
            logits: (B, outputs).
            target: (B,) class indices.
        """
        raise NotImplementedError

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return (B, C) numbers in [0, 1]; the decision is the class with the largest."""
        raise NotImplementedError


class CrossEntropy(Objective):
    """One label per utterance: softmax and cross-entropy.

    Args:
        labels: the classes.
        class_weights: ``balanced`` weighs each class by the inverse of its share in the training fold, so that the
            loss follows UA rather than WA.
        label_smoothing: share of the target spread over all classes, in [0, 1).
    """

    weights: Tensor

    def __init__(
        self,
        labels: Sequence[str],
        *,
        class_weights: Literal["none", "balanced"] = "none",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.outputs = len(labels)
        self.balanced = class_weights == "balanced"
        self.label_smoothing = label_smoothing
        self.register_buffer("weights", torch.ones(len(labels)))

    def prepare(self, counts: Tensor) -> None:
        """Set the weights: their mean over the training utterances is 1, so the learning rate keeps its meaning."""
        if self.balanced:
            self.weights.copy_(counts.sum() / (len(counts) * counts.clamp(min=1)))

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) weighted cross-entropies."""
        return functional.cross_entropy(
            logits.float(), target, self.weights, reduction="none", label_smoothing=self.label_smoothing
        )

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return (B, C) that sum to 1."""
        return logits.float().softmax(dim=-1)


class OneVsRest(Objective):
    """The paper's objective on IEMOCAP: for each class its own question, is it this one or not?

    The head gives a pair [absent, present] per class. An utterance's loss is the *sum* over the classes of the pairs'
    cross-entropies (the released code divides by utterances, not by pairs). For one label per utterance, the decision
    is the class whose presence is likeliest.

    Args:
        labels: the classes.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__()
        self.outputs = 2 * len(labels)

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) sums of C binary cross-entropies."""
        pairs = logits.float().unflatten(-1, (-1, 2))
        present = functional.one_hot(target, pairs.shape[1])
        return (
            functional.cross_entropy(pairs.flatten(0, 1), present.flatten(), reduction="none").view_as(present).sum(1)
        )

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return (B, C), each the probability that the class is present; they need not sum to 1."""
        return logits.float().unflatten(-1, (-1, 2)).softmax(dim=-1)[..., 1]


class Regression(Objective):
    """One score per utterance, judged by its absolute error; the paper's objective on CMU-MOSI and CMU-MOSEI."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs = 1

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) absolute errors of (B, 1) predictions."""
        return (logits.float().squeeze(-1) - target).abs()
