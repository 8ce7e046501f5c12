"""A question for each label: does it hold?"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from mser.objectives.objective import Objective


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


def _pairs(logits: Tensor) -> Tensor:
    """Return (B, C, 2) from (B, 2C)."""
    return logits.float().view(logits.shape[0], -1, 2)
