"""What the samplers make of an epoch of IEMOCAP's lengths: how much padding, and how large the largest batch is."""

from __future__ import annotations

import plan
from interleave import Figures, Rounds, alone, middle
from material import BUDGET
from table import Row

ROUNDS = 1


def _figures(batches: plan.Batches) -> Figures:
    return {"padding": plan.padding(batches), "largest": max(map(plan.padded, batches)), "batches": len(batches)}


VARIANTS = {
    "hf default": lambda: _figures(plan.random()),
    "hf best": lambda: _figures(plan.grouped()),
    "mser": lambda: _figures(plan.budgeted()),
}


def rows(rounds: Rounds) -> list[Row]:
    """Return padding and largest batch of each sampler; only mser's have goals."""
    padding = [
        Row(
            f"padded/actual seconds: {name}", middle(rounds, name, "padding"), "", most=1.05 if name == "mser" else None
        )
        for name in VARIANTS
    ]
    largest = [
        Row(f"largest batch: {name}", middle(rounds, name, "largest"), "s", most=BUDGET if name == "mser" else None,
            note=f"{middle(rounds, name, 'batches'):.0f} batches")
        for name in VARIANTS
    ]  # fmt: skip
    return padding + largest


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
