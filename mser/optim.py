"""The optimizer of the paper's code, where it differs from torch's, and how learning rates rise and fall."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT


class FairseqAdam(torch.optim.Optimizer):
    """Adam with decoupled weight decay as fairseq 0.9 computes it.

    It differs from `torch.optim.AdamW` in one place: `eps` is added to the root of the second moment *before* its bias
    is corrected, so that in the first updates it weighs up to ``1 / sqrt(1 - beta2)`` times as much. The decay is that
    of AdamW: ``lr * weight_decay`` of each weight, taken off before the update.

    Args:
        params: parameters or parameter groups; all of them decay, biases and norms too, unless a group says otherwise.
        lr: learning rate.
        betas: decay of the first and second moment; the paper's code uses (0.9, 0.98).
        eps: added to the root of the uncorrected second moment.
        weight_decay: share of each weight taken off per unit of learning rate.

    Example:
        >>> weight = torch.nn.Parameter(torch.ones(1))
        >>> optimizer = FairseqAdam([weight], lr=0.1, eps=0.0)
        >>> (3 * weight).sum().backward()
        >>> optimizer.step()
        >>> round(weight.item(), 4)
        0.89
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-5,
        *,
        betas: tuple[float, float] = (0.9, 0.98),
        eps: float = 1e-6,
        weight_decay: float = 0.1,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient; return what `closure` returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)
        return loss

    def _update(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
        state["step"] += 1
        lr, (beta1, beta2) = group["lr"], group["betas"]
        state["mean"].mul_(beta1).add_(gradient, alpha=1 - beta1)
        state["square"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        root = state["square"].sqrt().add_(group["eps"])
        correction = math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
        parameter.add_(parameter, alpha=-lr * group["weight_decay"])
        parameter.addcdiv_(state["mean"], root, value=-lr * correction)


def schedule(step: int, rise: int, total: int, *, power: float = 1.0) -> float:
    """Return the share of the full learning rate at an update: a straight rise, then a polynomial fall to 0.

    Args:
        step: the update, from 0.
        rise: updates of the rise.
        total: updates in all.
        power: 1 falls in a straight line.

    Example:
        >>> [schedule(step, rise=2, total=6) for step in range(7)]
        [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    if step < rise:
        return step / rise
    return float((max(total - step, 0) / max(total - rise, 1)) ** power)
