"""An objective: ``model: {objective: {class_path: acme_emotion.objective.Focal}}``."""

from collections.abc import Sequence

from torch import Tensor

from mser.objectives import Objective


class Focal(Objective):
    """Cross-entropy that heeds the hard utterances (Lin et al. 2017).

    Args:
        labels: the classes.
        gamma: how much.
    """

    kinds = ("labels",)
    exclusive = True

    def __init__(self, labels: Sequence[str], *, gamma: float = 2.0) -> None:
        super().__init__()
        self.outputs, self.gamma = len(labels), gamma

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,)."""
        right = self.answers(logits).gather(1, target.unsqueeze(1)).squeeze(1)
        return -((1 - right) ** self.gamma) * right.log()

    def answers(self, logits: Tensor) -> Tensor:
        """Return (B, C) that sum to 1."""
        return logits.float().softmax(dim=-1)
