"""What the processes of one fit tell each other."""

from __future__ import annotations

from typing import TypeVar

import torch

T = TypeVar("T")


def gathered(value: T) -> list[T]:
    """Return every process's `value`, in the order of their ranks; every process must ask.

    Example:
        >>> gathered("alone")
        ['alone']
    """
    if not torch.distributed.is_initialized():
        return [value]
    values: list[T] = [value] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(values, value)
    return values
