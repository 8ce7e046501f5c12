"""How many segments and videos of CMU-MOSI and CMU-MOSEI are in which official split."""

from __future__ import annotations

from mser.corpora.cmu.official_folds import SPLITS, official_folds
from mser.corpora.corpus import Counts
from mser.manifest import Manifest


def count(manifest: Manifest) -> Counts:
    """Return segments with a sentiment by split, their signs, and the videos that they are of."""
    parts = {
        split: [utterance for utterance in manifest if utterance.split == split and "sentiment" in utterance.scores]
        for split in SPLITS
    }
    sentiment = {split: [utterance.scores["sentiment"] for utterance in part] for split, part in parts.items()}
    return {
        "splits": {split: len(part) for split, part in parts.items()},
        "sentiment": {
            split: signs(sum(score < 0 for score in scores), scores.count(0), sum(score > 0 for score in scores))
            for split, scores in sentiment.items()
        },
        **{f"{split} videos": sorted({utterance.group for utterance in part}) for split, part in parts.items()},
    }


def published(
    corpus: str, *, train: tuple[int, int, int], val: tuple[int, int, int], test: tuple[int, int, int]
) -> Counts:
    """Return in the shape of `count` what the whole corpus holds.

    Args:
        corpus: ``mosi`` or ``mosei``.
        train: segments with negative, zero and positive sentiment.
        val: the same.
        test: the same.
    """
    parts = {"train": train, "val": val, "test": test}
    videos = official_folds(corpus).items()
    return {
        "splits": {split: sum(numbers) for split, numbers in parts.items()},
        "sentiment": {split: signs(*numbers) for split, numbers in parts.items()},
        **{f"{part} videos": [video for video, split in videos if split == part] for part in SPLITS},
    }


def signs(negative: int, zero: int, positive: int) -> dict[str, int]:
    """Return the three by their names."""
    return {"negative": negative, "zero": zero, "positive": positive}
