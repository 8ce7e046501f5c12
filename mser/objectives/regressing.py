"""Numbers, such as sentiment or valence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from torch import Tensor
from torch.nn import functional

from mser.objectives.objective import Objective


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


def _concordance(scores: Tensor, target: Tensor) -> Tensor:
    """Return (C,) concordance of each score over the batch, population variance."""
    covariance = ((scores - scores.mean(0)) * (target - target.mean(0))).mean(0)
    spread = scores.var(0, correction=0) + target.var(0, correction=0) + (scores.mean(0) - target.mean(0)).square()
    return 2 * covariance / spread.clamp(min=1e-8)
