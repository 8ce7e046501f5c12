"""Joint fine-tuning of a base-size HuBERT and RoBERTa: mser beside Hugging Face's Trainer.

The same few batches that stand for an epoch each; how fast is said in utterances of average length.
"""

from __future__ import annotations

import plan
from interleave import Figures, Rounds, alone, middle, ratio
from material import MEAN, QUICK
from table import Row

ROUNDS = 1 if QUICK else 3
STEPS = 2 if QUICK else 3


def _mser(precision: str = "32-true") -> Figures:
    from train_mser import train

    return train(plan.few(plan.budgeted(), STEPS), precision)


def _hf(batches: plan.Batches, **options: object) -> Figures:
    from train_hf import train

    return train(plan.few(batches, STEPS), **options)


VARIANTS = {
    "hf default": lambda: _hf(plan.random()),
    "hf best": lambda: _hf(plan.grouped()),
    "hf best bf16": lambda: _hf(plan.grouped(), bf16=True),
    "mser": _mser,
    "mser bf16": lambda: _mser("bf16-mixed"),
}


def rows(rounds: Rounds) -> list[Row]:
    """Return how much faster mser trains, in time on the clock and of the processor, and what that comes from."""
    ratios = [
        ("hf default", "mser", 1.8, "default, fp32"),
        ("hf default", "mser bf16", 2.6, "default, mser in bf16"),
        ("hf best", "mser", 1.0, "best settings, fp32"),
        ("hf best bf16", "mser bf16", 1.0, "best settings, bf16"),
    ]
    speeds = [Row(f"training: {name}", _speed(rounds, name), "utterances/s") for name in VARIANTS]
    return [
        *(Row(f"training: mser over Trainer's {what}", _gain(rounds, hf, own), least=goal,
              note=f"{_gain(rounds, hf, own, 'cpu'):.2f} in processor time") for hf, own, goal, what in ratios),
        *speeds,
    ]  # fmt: skip


def _gain(rounds: Rounds, slow: str, fast: str, what: str = "seconds") -> float:
    """Return the ratio of the times that a second of speech takes."""
    spoken = middle(rounds, fast, "speech") / middle(rounds, slow, "speech")
    return ratio(rounds, slow, fast, what) * spoken


def _speed(rounds: Rounds, name: str) -> float:
    return middle(rounds, name, "speech") / middle(rounds, name, "seconds") / MEAN


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
