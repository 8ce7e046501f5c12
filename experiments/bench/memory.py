"""Peak memory of a joint fine-tuning step on the largest of the batches that `training.py` times.

The Trainer's largest batch of a whole epoch is four times as long as the one measured here; mser's is not longer.
"""

from __future__ import annotations

import plan
from interleave import Figures, Rounds, alone, middle
from table import Row
from training import STEPS

ROUNDS = 1


def _largest(batches: plan.Batches) -> plan.Batches:
    return [max(plan.few(batches, STEPS), key=plan.padded)]


def _mser(*, checkpointing: bool = False) -> Figures:
    from train_mser import train

    return train(_largest(plan.budgeted()), checkpointing=checkpointing)


def _hf(**options: object) -> Figures:
    from train_hf import train

    return train(_largest(plan.grouped()), **options)


VARIANTS = {
    "hf best": _hf,
    "hf best, checkpointing": lambda: _hf(gradient_checkpointing=True),
    "mser": _mser,
    "mser, checkpointing": lambda: _mser(checkpointing=True),
}


def rows(rounds: Rounds) -> list[Row]:
    """Return peaks, and mser's over the Trainer's best."""
    peaks = {name: middle(rounds, name, "peak_gb") for name in VARIANTS}
    best = peaks["hf best"]
    return [
        Row("peak memory: mser over Trainer's best settings", peaks["mser"] / best, most=1.0),
        Row("peak memory: mser with checkpointing over Trainer's best settings",
            peaks["mser, checkpointing"] / best, most=0.8),
        *(Row(f"peak memory: {name}", peak, "GB", note=f"a batch of {middle(rounds, name, 'largest'):.0f} s")
          for name, peak in peaks.items()),
    ]  # fmt: skip


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
