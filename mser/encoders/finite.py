"""Weights that are no numbers are refused: whatever is computed with them is none either."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mser.errors import UserError


def require_finite(weights: Mapping[str, Tensor], where: str) -> None:
    """Accept weights that are all numbers.

    Args:
        weights: by name.
        where: the file or folder that they are from.

    Raises:
        UserError: if one is NaN or infinite; it names the first.
    """
    # The sum is a number if all are, and costs a third of looking at each.
    for name, weight in weights.items():
        if weight.is_floating_point() and not weight.sum().isfinite() and not weight.isfinite().all():
            raise UserError(f"{where} holds weights that are no numbers, such as {name}; copy or export it again")
