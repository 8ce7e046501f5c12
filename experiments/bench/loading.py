"""Reading recordings: mser beside librosa, 16-bit PCM at 16 kHz as it is and at 44.1 kHz resampled.

Also what it costs to hear a recording for an answer, where nobody has checked it, over decoding it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from interleave import Clock, Figures, Rounds, alone, ratio
from material import QUICK, SAMPLE_RATE, lengths, recordings
from material import rows as rows_of
from table import Row

ROUNDS = 1 if QUICK else 5
CLIPS = 4 if QUICK else 48
NONE = {"seconds": float("nan"), "cpu": float("nan")}


def _mser(rate: int) -> Figures:
    from mser.data.audio import load

    return _time(lambda path: load(Path(path)), rate)


def _librosa(rate: int) -> Figures:
    if not find_spec("librosa"):
        return NONE
    import librosa

    return _time(lambda path: librosa.load(path, sr=SAMPLE_RATE), rate)


def _time(load: Callable[[str], Any], rate: int) -> Figures:
    paths = [row["audio"] for row in rows_of(recordings(lengths(CLIPS), f"at-{rate}", rate=rate))]
    load(paths[0])  # what is imported and prepared at the first call
    clock = Clock()
    for path in paths:
        load(path)
    return clock.read()


def _decode() -> Figures:
    from mser.audio.decoding import decode

    return _time(lambda path: decode(Path(path)), SAMPLE_RATE)


def _hear() -> Figures:
    from mser.use.clips import Clip, hear

    return _time(lambda path: hear(Clip(path), None, 60.0), SAMPLE_RATE)


VARIANTS: dict[str, Callable[[], Figures]] = {
    f"{name} {rate}": lambda load=load, rate=rate: load(rate)
    for rate in (SAMPLE_RATE, 44_100)
    for name, load in (("librosa", _librosa), ("mser", _mser))
} | {"decode": _decode, "hear": _hear}


def rows(rounds: Rounds) -> list[Row]:
    """Return how much faster mser reads."""
    note = "" if find_spec("librosa") else "librosa is not installed: pip install 'multimodal-ser[bench]'"
    return [
        Row(
            "loading 16-bit PCM at 16 kHz: mser over librosa",
            ratio(rounds, "librosa 16000", "mser 16000"),
            least=2.0,
            note=note,
        ),
        Row(
            "loading and resampling from 44.1 kHz: mser over librosa",
            ratio(rounds, "librosa 44100", "mser 44100"),
            note=note,
        ),
        Row("hearing a recording for an answer over decoding it", ratio(rounds, "hear", "decode"), most=1.3),
    ]


if __name__ == "__main__":
    alone(__file__, VARIANTS, rows, ROUNDS)
