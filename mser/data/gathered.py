"""What the model said of a whole part, gathered exactly: each utterance once, whatever the number of processes."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from mser.data.batch import Batch


class Collected(Metric):
    """The losses and answers of a part, in the order of its dataset; torchmetrics does the gathering."""

    full_state_update = False
    index: list[Tensor]
    target: list[Tensor]
    loss: list[Tensor]
    answers: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        for name in ("index", "target", "loss", "answers"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(self, batch: Batch, loss: Tensor, answers: Tensor) -> None:
        """Add a batch with its losses (B,) and answers (B, C)."""
        self.index.append(batch.index)
        self.target.append(batch.target)
        self.loss.append(loss.detach().float())
        self.answers.append(answers.detach().float())

    def compute(self) -> dict[str, Tensor]:
        """Return ``index`` (N,), ``target`` (N,), ``loss`` (N,) and ``answers`` (N, C), by index, on the CPU."""
        columns = {name: _cat(getattr(self, name)).cpu() for name in ("index", "target", "loss", "answers")}
        index = columns["index"]
        # A process may see an utterance again, as samplers of others repeat them to even out their shares.
        order = torch.unique(index, return_inverse=True)[1].argsort(stable=True)
        first = torch.cat([order.new_ones(1, dtype=torch.bool), index[order].diff() != 0])
        return {name: column[order[first]] for name, column in columns.items()}


def _cat(pieces: Tensor | list[Tensor]) -> Tensor:
    return pieces if isinstance(pieces, Tensor) else torch.cat(pieces)
