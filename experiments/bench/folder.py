"""Many recordings: given to the model together, and one by one. ``CLIPS=1000`` takes as many (default 48)."""

from __future__ import annotations

import os

from interleave import Clock, Figures, Rounds, alone, middle, ratio
from latency import model
from material import QUICK, lengths, recordings
from material import rows as rows_of
from table import Row

ROUNDS = 1 if QUICK else 3
CLIPS = int(os.environ.get("CLIPS") or (6 if QUICK else 48))


def _tell(*, together: bool) -> Figures:
    clips = rows_of(recordings(lengths(CLIPS), f"folder-of-{CLIPS}"))
    audio, said = [clip["audio"] for clip in clips], [clip["transcript"] for clip in clips]
    told = model()
    told.predict(audio[0], said[0])  # what is prepared at the first call
    clock = Clock()
    if together:
        told.predict(audio, said)
    else:
        for pair in zip(audio, said, strict=True):
            told.predict(*pair)
    return clock.read()


VARIANTS = {"one by one": lambda: _tell(together=False), "together": lambda: _tell(together=True)}


def rows(rounds: Rounds) -> list[Row]:
    """Return how much faster many are told together."""
    return [
        Row(f"{CLIPS} recordings: together over one by one", ratio(rounds, "one by one", "together"), least=2.0,
            note=f"{ratio(rounds, 'one by one', 'together', 'cpu'):.2f} in processor time"),
        Row(f"{CLIPS} recordings: together", CLIPS / middle(rounds, "together", "seconds"), "recordings/s"),
    ]  # fmt: skip


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
