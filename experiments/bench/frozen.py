"""Cross-validating with both encoders frozen: how much work the speech encoder does."""

from __future__ import annotations

import os
from functools import partial
from tempfile import mkdtemp
from typing import Any

from interleave import Clock, Figures, Rounds, alone, middle
from material import FOLDER, LABELS, recordings
from table import Row

ROUNDS = 1
FOLDS, EPOCHS = 2, 2
CLIPS = [1.0 + number / 10 for number in range(6)]


def _crossvalidate(*, kept: bool) -> Figures:
    os.environ["MSER_CACHE"] = mkdtemp(dir=FOLDER)
    from train_mser import model, quiet_trainer

    from mser.data.datamodules import Table

    table = recordings(CLIPS, "frozen")
    encoded, clock = 0, Clock()

    def count(_: Any, args: tuple[Any, ...]) -> None:
        nonlocal encoded
        encoded += len(args[1])

    for fold in range(1, FOLDS + 1):
        recogniser = model(tune="frozen")
        recogniser.speech.backbone.register_forward_pre_hook(count)
        data = Table(str(table), labels=LABELS, folds=3, fold=fold, keep_frozen=kept)
        quiet_trainer(max_epochs=EPOCHS).fit(recogniser, data)
    return {**clock.read(), "encoded": encoded}


VARIANTS = {"on the fly": partial(_crossvalidate, kept=False), "kept": partial(_crossvalidate, kept=True)}


def rows(rounds: Rounds) -> list[Row]:
    """Return how often each clip is encoded; with 30 epochs it is the more often on the fly."""
    clips = len(CLIPS) + 2 * len(LABELS)
    return [
        Row(f"frozen encoders, {FOLDS} folds of {EPOCHS} epochs, {name}: a clip is encoded",
            middle(rounds, name, "encoded") / clips, "times", note=f"{middle(rounds, name, 'seconds'):.1f} s in all")
        for name in VARIANTS
    ]  # fmt: skip


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
