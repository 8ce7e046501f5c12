"""How to tell that memory is exhausted."""

from __future__ import annotations

import torch

SAID = (
    *("not enough memory", "can't allocate memory"),  # torch's allocator on the CPU
    *("out of memory", "alloc_failed"),  # CUDA and cuBLAS
    "could not create a primitive",  # oneDNN
)
"""What errors hold, in lower case, that have no class of their own."""


def is_out_of_memory(exception: BaseException) -> bool:
    """Return whether torch or numpy means that by an error."""
    said = str(exception).lower()
    return isinstance(exception, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(exception, RuntimeError) and any(words in said for words in SAID)
    )
