"""What every objective says of itself, and the kinds of task that it fits."""

from __future__ import annotations

from torch import Tensor, nn

from mser.errors import UserError
from mser.labels import Kind, Task


class Objective(nn.Module):
    """A task over C classes.

    Attributes:
        outputs: how many numbers the head gives per utterance.
        kinds: the kinds of task that it fits, some of `mser.labels.Kind`.
        exclusive: whether the probabilities of an utterance sum to 1.
        learns_votes: whether its targets are the (B, C) shares of the raters' votes in place of the label.
    """

    outputs: int
    kinds: tuple[str, ...] = ()
    exclusive = False
    learns_votes = False

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
                "one or several, Distribution votes (several: true for several labels), Regression scores; change "
                "model.objective or data.labels"
            )

    def prepare(self, target: Tensor) -> None:
        """Take note of the targets of the training fold, before training begins."""

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (B,) the loss of each utterance, computed in float32.

        Args:
            logits: (B, outputs).
            target: (B,) class indices, or (B, C) numbers: presences for `OneVsRest`, scores for `Regression`, shares of
                votes where it `learns_votes`.
        """
        raise NotImplementedError

    def answers(self, logits: Tensor) -> Tensor:
        """Return (B, C): probabilities, of which the largest decides, or the scores themselves."""
        raise NotImplementedError
