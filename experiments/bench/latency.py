"""One utterance of median length: mser's joint model beside Hugging Face's pipeline, which only listens.

Both have the same speech encoder of base size; mser's also reads, with a RoBERTa of base size.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np
from interleave import Clock, Figures, Rounds, alone, middle, ratio
from material import FOLDER, LABELS, MEDIAN, PACE, QUICK, SAMPLE_RATE, WORDS, encoders
from safetensors.torch import save_model
from table import Row

ROUNDS = 1 if QUICK else 5
CALLS = 2 if QUICK else 7


def _mser(*, half: bool = False) -> Figures:
    told = model("bf16" if half else "32")
    said = " ".join(WORDS[: round(PACE * MEDIAN)])
    return _time(lambda: told.predict(_clip(), said, sample_rate=SAMPLE_RATE))


def _pipeline() -> Figures:
    from transformers import AutoConfig, AutoFeatureExtractor, HubertForSequenceClassification, pipeline

    speech, _ = encoders()
    listener = HubertForSequenceClassification(AutoConfig.from_pretrained(speech)).eval()
    extractor = AutoFeatureExtractor.from_pretrained(speech)
    told = pipeline("audio-classification", model=listener, feature_extractor=extractor, device="cpu")
    return _time(lambda: told({"raw": _clip(), "sampling_rate": SAMPLE_RATE}))


def model(precision: Literal["32", "bf16"] = "32") -> Any:
    """Return a model in use, of base size with random weights."""
    import mser
    from mser.use.rebuild import rebuild
    from mser.use.settings import Member, Settings

    weights = FOLDER / "joint.safetensors"
    if not weights.exists():
        folders = dict(zip(("speech", "text"), map(Path, encoders()), strict=True))
        options: dict[str, Any] = {side: {"name": folder.name} for side, folder in folders.items()}
        for part, kind in (("fusion", "Shallow"), ("objective", "CrossEntropy")):
            options[part] = {"class": kind, "options": {}}
        task = {"kind": "labels", "name": "four", "labels": LABELS}
        member = Member(weights.name, 1, 1, 1.0, {}, {})
        settings = Settings("", task, SAMPLE_RATE, None, {**options, "dropout": 0.1}, {}, (member,))
        settings.write(FOLDER)
        save_model(rebuild(settings, FOLDER), str(weights))
    return mser.load(FOLDER, device="cpu", precision=precision)


def _clip() -> Any:
    return np.random.default_rng(1).normal(0, 0.05, round(MEDIAN * SAMPLE_RATE)).astype(np.float32)


def _time(call: Callable[[], object]) -> Figures:
    call()
    found = []
    for _ in range(CALLS):
        clock = Clock()
        call()
        found.append(clock.read())
    return {what: median(figures[what] for figures in found) for what in found[0]}


VARIANTS = {"pipeline": _pipeline, "mser": _mser, "mser bf16": lambda: _mser(half=True)}


def rows(rounds: Rounds) -> list[Row]:
    """Return mser's time over the pipeline's."""
    return [
        *(Row(f"one utterance: {name}'s joint model over the speech-only pipeline", ratio(rounds, name, "pipeline"),
              most=goal, note=f"{ratio(rounds, name, 'pipeline', 'cpu'):.2f} in processor time")
          for name, goal in (("mser", 1.0), ("mser bf16", 0.6))),
        *(Row(f"one utterance: {name}", 1000 * middle(rounds, name, "seconds"), "ms") for name in VARIANTS),
    ]  # fmt: skip


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
