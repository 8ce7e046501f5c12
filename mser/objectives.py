"""What is asked of the model: how many outputs, which loss, and how outputs become probabilities and a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mser.errors import UserError, require
from mser.labels import Kind, Task


class Objective(nn.Module):
    """A task over C classes.

    Attributes:
        outputs: how many numbers the head gives per utterance.
        kinds: the kinds of task that it fits, some of `mser.labels.Kind`.
        exclusive: whether the probabilities of an utterance sum to 1.
    """

    outputs: int
    kinds: tuple[str, ...] = ()
    exclusive = False

    def require(self, task: Task) -> None:
        """Raise a UserError if the task is of another kind."""
        name = type(self).__name__
        if not self.kinds or not set(self.kinds) <= set(Kind):
            raise UserError(
                f"the objective {name} has the kinds {self.kinds!r}, expected some of {', '.join(Kind)}; give the "
                'class an attribute such as kinds = ("labels",)'
            )
        if task.kind not in self.kinds:
            raise UserError(
                f"{name} does not fit the labels {task.name!r}: CrossEntropy takes one label, OneVsRest "
                "one or several, Regression scores; change model.objective or data.labels"
            )

    def prepare(self, target: Tensor) -> None:
        """Take note of the targets of the training fold, before training begins."""

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) the loss of each utterance, computed in float32.

        Args:
            logits: (B, outputs).
            target: (B,) class indices, or (B, C) numbers: presences for `OneVsRest`, scores for `Regression`.
        """
        raise NotImplementedError

    def answers(self, logits: Tensor) -> Tensor:
        """Return (B, C): probabilities, of which the largest decides, or the scores themselves."""
        raise NotImplementedError


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


class OneVsRest(Objective):
    """The paper's objective on IEMOCAP: for each class its own question, is it this one or not?

    The head gives a pair [absent, present] per class. An utterance's loss is the *sum* over the classes of the pairs'
    cross-entropies (the released code divides by utterances, not by pairs). Where an utterance has one label, the
    decision is the class whose presence is likeliest; where it may have several, all above one half.

    Args:
        labels: the classes.
    """

    kinds = ("labels", "multi_label")

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__()
        self.outputs = 2 * len(labels)

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) sums of C binary cross-entropies."""
        pairs = _pairs(logits)
        present = functional.one_hot(target, pairs.shape[1]) if target.ndim == 1 else target.long()
        losses = functional.cross_entropy(pairs.flatten(0, 1), present.flatten(), reduction="none")
        return losses.view_as(present).sum(1)

    def answers(self, logits: Tensor) -> Tensor:
        """Return (B, C), each the probability that the class is present; they need not sum to 1."""
        return _pairs(logits).softmax(dim=-1)[..., 1]


class Regression(Objective):
    """One number per score, such as sentiment or valence.

    Args:
        labels: the scores.
        error: ``l1`` (the paper's on CMU-MOSI and CMU-MOSEI), ``mse``, or ``ccc``: one minus the concordance of the
            batch, which asks for the right spread and wants batches of many utterances.
    """

    kinds = ("scores",)

    def __init__(self, labels: Sequence[str], *, error: Literal["l1", "mse", "ccc"] = "l1") -> None:
        super().__init__()
        self.outputs = len(labels)
        self.error = error

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) errors, each the mean over the scores; with ``ccc`` the batch's, for each utterance the same."""
        scores, target = logits.float(), target.view_as(logits)
        if self.error == "ccc":
            return (1 - _concordance(scores, target)).mean().expand(len(scores))
        error = functional.l1_loss if self.error == "l1" else functional.mse_loss
        return error(scores, target, reduction="none").mean(-1)

    def answers(self, logits: Tensor) -> Tensor:
        """Return (B, C) scores, unclipped."""
        return logits.float()


def _pairs(logits: Tensor) -> Tensor:
    """Return (B, C, 2) from (B, 2C)."""
    return logits.float().view(logits.shape[0], -1, 2)


def _concordance(scores: Tensor, target: Tensor) -> Tensor:
    """Return (C,) concordance of each score over the batch, population variance."""
    covariance = ((scores - scores.mean(0)) * (target - target.mean(0))).mean(0)
    spread = scores.var(0, correction=0) + target.var(0, correction=0) + (scores.mean(0) - target.mean(0)).square()
    return 2 * covariance / spread.clamp(min=1e-8)
