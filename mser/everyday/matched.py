"""A recording brought nearer to those that a model was trained on."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from mser.audio.acoustics import silence_of
from mser.audio.decoding import SAMPLE_RATE, Samples
from mser.everyday.loudness import levelled
from mser.everyday.training_recordings import QUANTILES, TrainingRecordings

WAYS = ("silence", "level")
_MEDIAN = QUANTILES.index(0.5)


def matched(samples: Samples, training: TrainingRecordings, ways: Collection[str]) -> tuple[Samples, list[str]]:
    """Return (M,) samples at 16 kHz nearer to those of the training, and what was done to them, in words.

    Args:
        samples: (N,); silence throughout stays as it is.
        training: what the model knows of its training recordings.
        ways: ``silence`` puts noise as soft as the training's quiet parts at both ends, until each has half of the
            median silence; nothing is cut off.
            ``level`` gives the median level.
    """
    start, end, silent = silence_of(samples - samples.mean(), SAMPLE_RATE)
    done: list[str] = []
    if silent == 1:
        return samples, done
    if "level" in ways:
        level = training.quantiles["level"][_MEDIAN]
        samples = levelled(samples - samples.mean(), 10 ** (level / 20))
        done.append(f"levelled to {level:.1f} dB as in the training")
    if "silence" in ways:
        half = training.quantiles["silence"][_MEDIAN] / 2
        lacking = [max(0, round((half - there) * SAMPLE_RATE)) for there in (start, end)]
        quiet = np.random.default_rng(0).standard_normal(sum(lacking), dtype=np.float32)
        quiet *= np.float32(10 ** (training.quantiles["floor"][_MEDIAN] / 20))
        samples = np.concatenate([quiet[: lacking[0]], samples, quiet[lacking[0] :]])
        done.append(f"{sum(lacking) / SAMPLE_RATE:.2f} s of silence put at the ends as in the training")
    return samples, done
