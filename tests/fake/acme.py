"""Makes a corpus that only the package in tests/plugin can read."""

from __future__ import annotations

import random
from pathlib import Path

from fake.corpora.iemocap import tone, write_wav

WORDS = {"calm": "that is fine , thank you", "angry": "no , not again !"}


def make_acme(root: Path, *, speakers: int = 6, calls: int = 3) -> Path:
    """Write calls of some speakers, as many of each emotion."""
    root.mkdir(parents=True)
    for speaker in range(speakers):
        for emotion, pitch in (("calm", 150), ("angry", 350)):
            for number in range(calls):
                path = root / f"s{speaker}_{emotion}_{number}.wav"
                write_wav(path, tone(0.3 + 0.05 * number, pitch, random.Random(f"{path.name}")))
                path.with_suffix(".txt").write_text(f"{WORDS[emotion]} number {number} of {speaker}\n")
    return root
