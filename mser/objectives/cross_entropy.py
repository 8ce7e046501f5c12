"""One label per utterance."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from mser.errors import require
from mser.objectives.class_weights import Weighing, class_weights
from mser.objectives.objective import Objective


class CrossEntropy(Objective):
    """One label per utterance: softmax and cross-entropy.

    Args:
        labels: the classes.
        class_weights: ``balanced`` weighs each class by the inverse of its share in the training fold, so that the
            loss follows UA rather than WA; ``effective`` by the inverse of its effective number (Cui et al. 2019, arXiv
            1901.05555).
        effective_beta: of the effective numbers, in [0, 1): 0 weighs nothing, near 1 as ``balanced``.
        focal_gamma: above 0 each loss is multiplied by (1 - p)^gamma, p the probability of the truth, so that what is
            known well teaches little (Lin et al. 2017, arXiv 1708.02002); 2 is usual.
        logit_adjustment: above 0 the logits are trained with so many times the log of the class's share added, so that
            without it they answer as if classes were equally frequent (Menon et al. 2021, arXiv 2007.07314); 1 is
            usual.
        label_smoothing: share of the target spread over all classes, in [0, 1).
    """

    kinds = ("labels",)
    exclusive = True
    weights: Tensor
    log_prior: Tensor

    def __init__(
        self,
        labels: Sequence[str],
        *,
        class_weights: Weighing = "none",
        effective_beta: float = 0.999,
        focal_gamma: float = 0.0,
        logit_adjustment: float = 0.0,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        for name, share in (("label_smoothing", label_smoothing), ("effective_beta", effective_beta)):
            require(f"model.objective.init_args.{name}", share, 0 <= share < 1, "a share from 0 to below 1")
        for name, strength in (("focal_gamma", focal_gamma), ("logit_adjustment", logit_adjustment)):
            fits = 0 <= strength < float("inf")
            require(f"model.objective.init_args.{name}", strength, fits, "0 (off) or more")
        self.outputs = len(labels)
        self.class_weights, self.effective_beta = class_weights, effective_beta
        self.focal_gamma, self.logit_adjustment = focal_gamma, logit_adjustment
        self.label_smoothing = label_smoothing
        self.register_buffer("weights", torch.ones(len(labels)))
        if logit_adjustment:
            self.register_buffer("log_prior", torch.zeros(len(labels)))

    def prepare(self, target: Tensor) -> None:
        """Set the weights, and what is added to logits, by the classes (N,) of the training fold."""
        counts = target.bincount(minlength=self.outputs)
        self.weights.copy_(class_weights(counts, self.class_weights, self.effective_beta))
        if self.logit_adjustment:
            self.log_prior.copy_((counts.clamp(min=1) / counts.sum()).log())

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) weighted cross-entropies."""
        logits = logits.float()
        if self.logit_adjustment:
            logits = logits + self.logit_adjustment * self.log_prior
        losses = functional.cross_entropy(
            logits, target, self.weights, reduction="none", label_smoothing=self.label_smoothing
        )
        if not self.focal_gamma:
            return losses
        right = logits.softmax(dim=-1).gather(1, target.unsqueeze(1)).squeeze(1)
        return (1 - right) ** self.focal_gamma * losses

    def answers(self, logits: Tensor) -> Tensor:
        """Return (B, C) that sum to 1."""
        return logits.float().softmax(dim=-1)
