"""Many recordings: given to the model together, one by one, and each in a command of its own.

``CLIPS=1000`` takes as many (default 48). How much there is to win is told too: the speed of a clip alone beside that
of nothing but one large product of matrices, which no batch exceeds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import mean

from interleave import Clock, Figures, Rounds, alone, middle, ratio
from latency import model
from material import FOLDER, QUICK, lengths, recordings
from material import rows as rows_of
from table import Row

ROUNDS = 1 if QUICK else 3
CLIPS = int(os.environ.get("CLIPS") or (6 if QUICK else 48))
COMMANDS = 1 if QUICK else 4
SIDE = 500 if QUICK else 3000
"""Rows of the matrices."""


def _clips() -> list[tuple[str, str]]:
    return [(clip["audio"], clip["transcript"]) for clip in rows_of(recordings(lengths(CLIPS), f"folder-of-{CLIPS}"))]


def _together() -> Figures:
    clips, told = _clips(), model()
    told.predict(*clips[0])  # what is prepared at the first call
    clock = Clock()
    told.predict(*map(list, zip(*clips, strict=True)))
    return _each(clock.read(), len(clips))


def _one_by_one() -> Figures:
    clips, told = _clips(), model()
    told.predict(*clips[0])
    clock = Clock()
    for clip in clips:
        told.predict(*clip)
    return _each(clock.read(), len(clips))


def _commands() -> Figures:
    """Return what a loop in a shell costs, of some clips spread over all lengths."""
    clips = _spread(_clips(), COMMANDS)
    model()  # writes the folder where it is not there
    clock = Clock()
    for audio, said in clips:
        command = [sys.executable, "-m", "mser", "predict", str(FOLDER), audio, "--text", said, "--device", "cpu"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _each(clock.read(), len(clips))


def _operations() -> Figures:
    """Return additions and multiplications of a clip, the mean, and what this machine does in a second at best."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from mser.use.inference import pack

    clips, told = _spread(_clips(), 48), model("bf16")  # as many as in float32, where torch does not count oneDNN's
    with FlopCounterMode(display=False) as counter:
        told.predict(*map(list, zip(*clips, strict=True)))
    pack(layer := torch.nn.Linear(SIDE, SIDE, bias=False))
    states, best = torch.rand(SIDE, SIDE), []
    with torch.inference_mode():
        for _ in range(6):
            clock = Clock()
            layer(states)
            best.append(2 * SIDE**3 / clock.read()["seconds"])
    return {"of a clip": counter.get_total_flops() / len(clips), "at best": mean(sorted(best)[-3:])}


def _spread(clips: list[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    return clips[:: -(-len(clips) // most)]


def _each(figures: Figures, clips: int) -> Figures:
    return {what: figure / clips for what, figure in figures.items()}


VARIANTS = {
    "one by one": _one_by_one,
    "together": _together,
    "a command each": _commands,
    "operations": _operations,
}


def rows(rounds: Rounds) -> list[Row]:
    """Return how much faster many are told together, and how much faster they could be told at most."""
    at_once = middle(rounds, "operations", "at best") / middle(rounds, "operations", "of a clip")
    most = at_once * middle(rounds, "one by one", "seconds")
    return [
        Row(f"{CLIPS} recordings: together over one by one", ratio(rounds, "one by one", "together"), least=2.0,
            note=f"{ratio(rounds, 'one by one', 'together', 'cpu'):.2f} in processor time; one by one they take "
            f"{most:.2f} times what their arithmetic alone would at this processor's best"),
        Row(f"{CLIPS} recordings: together over a command each", ratio(rounds, "a command each", "together")),
        Row(f"{CLIPS} recordings: together", 1 / middle(rounds, "together", "seconds"), "recordings/s"),
    ]  # fmt: skip


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
