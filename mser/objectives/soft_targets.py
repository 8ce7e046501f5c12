"""How the votes of raters are distributed over the classes, rather than what most of them chose."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from mser.errors import UserError, require
from mser.objectives.class_weights import Weighing, class_weights
from mser.objectives.objective import Objective


class Distribution(Objective):
    """The shares of the raters' votes as target: softmax and soft cross-entropy, minority votes kept.

    The loss is the cross-entropy of the shares q and the probabilities p, -sum q ln p: the Kullback-Leibler divergence
    but for the entropy of q, which no weight changes. An utterance without a vote for any class learns its label.
    Source: Fayek et al. 2016, "Modeling subjectiveness in emotion recognition with deep neural networks"; Wu et al.
    2024, arXiv 2402.13018 (EMO-SUPERB).

    Args:
        labels: the classes.
        class_weights: as of `CrossEntropy`, by the votes of the training fold: each share counts by its class.
        effective_beta: as of `CrossEntropy`.
        smoothing: share of each target given to the mean shares of the training fold, in [0, 1).
        several: for a label set of several labels such as ``iemocap4-votes``: each label holds whose probability is
            more than an even share, 1/C. An answer p is told as the odds of p against an even share, p (C - 1) to
            1 - p, which are above one half just there.
    """

    kinds = ("labels",)
    exclusive = True
    learns_votes = True
    prior: Tensor
    weights: Tensor

    def __init__(
        self,
        labels: Sequence[str],
        *,
        class_weights: Weighing = "none",
        effective_beta: float = 0.999,
        smoothing: float = 0.0,
        several: bool = False,
    ) -> None:
        super().__init__()
        for name, share in (("smoothing", smoothing), ("effective_beta", effective_beta)):
            require(f"model.objective.init_args.{name}", share, 0 <= share < 1, "a share from 0 to below 1")
        if len(labels) < 2:
            raise UserError(f"Distribution shares votes out among two labels or more, and there is {', '.join(labels)}")
        self.outputs = len(labels)
        self.class_weights, self.effective_beta = class_weights, effective_beta
        self.smoothing, self.several = smoothing, several
        if several:
            self.kinds, self.exclusive = ("multi_label",), False
        self.register_buffer("prior", torch.full((len(labels),), 1 / len(labels)))
        self.register_buffer("weights", torch.ones(len(labels)))

    def prepare(self, target: Tensor) -> None:
        """Take the mean (C,) of the training utterances' shares (N, C), and weights from their sum."""
        self.prior.copy_(target.float().mean(0))
        self.weights.copy_(class_weights(target.float().sum(0), self.class_weights, self.effective_beta))

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) soft cross-entropies in nats, of (B, C) shares, or of (B,) labels where nobody voted."""
        target = functional.one_hot(target, self.outputs) if target.ndim == 1 else target
        target = target / target.sum(-1, keepdim=True).clamp(min=1)  # presences of several labels share evenly
        shares = (1 - self.smoothing) * target.float() + self.smoothing * self.prior
        return -(self.weights * shares * logits.float().log_softmax(dim=-1)).sum(-1)

    def answers(self, logits: Tensor) -> Tensor:
        """Return (B, C): the distribution, which sums to 1; or for several labels how far each is above an even one."""
        shares = logits.float().softmax(dim=-1)
        if not self.several:
            return shares
        odds = shares * (self.outputs - 1)
        return odds / (odds + 1 - shares)
