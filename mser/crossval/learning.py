"""Whether a fold has learned anything, by its learning curve. Imports no torch."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path

_UA = "val/ua"
_ABOVE = 0.02  # of chance: who is no better has hardly learned


def curve(path: Path) -> list[dict[str, float]]:
    """Return the rows of a ``history.csv``; none where it is not there, and no cell that is no number."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [_numbers(row) for row in csv.DictReader(file)]


def unlearned(rows: Sequence[Mapping[str, float]], classes: int) -> str | None:
    """Return in words that validation never rose above chance, and what may help; None where it did.

    Args:
        rows: the epochs, of which some columns may lack.
        classes: of the label set.

    Example:
        >>> rows = [{"step": 8.0 * n, "train/loss": 1.4 - n / 100, "val/ua": 0.25} for n in range(1, 6)]
        >>> print(unlearned(rows, 4).partition(",")[0])
        val/ua never rose above 25.0 % (chance is 25.0 %) in 5 epochs of 8 updates
        >>> unlearned([{"step": 8.0, "val/ua": 0.5}], 4)
    """
    scores = [row[_UA] for row in rows if _UA in row]
    if not scores or max(scores) > 1 / classes + _ABOVE:
        return None
    losses = [row["train/loss"] for row in rows if "train/loss" in row]
    falls = ", though the training loss still fell" if len(losses) > 1 and losses[-1] == min(losses) else ""
    each = round(rows[-1].get("step", 0) / len(rows))
    message = f"val/ua never rose above {max(scores):.1%} (chance is {1 / classes:.1%})".replace("%", " %")
    advice = "more updates may help: data.init_args.batch_size 8, trainer.max_epochs 60, early_stopping.patience 60"
    return f"{message} in {len(rows)} epochs of {each} updates{falls}; {advice}"


def _numbers(row: Mapping[str, str | None]) -> dict[str, float]:
    numbers = {}
    for name, cell in row.items():
        try:
            numbers[name] = float(cell or "nan")
        except ValueError:
            continue
    return {name: value for name, value in numbers.items() if isfinite(value)}
