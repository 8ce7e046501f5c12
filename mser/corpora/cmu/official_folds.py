"""Which official split a video of CMU-MOSI or CMU-MOSEI belongs to, as CMU's Multimodal SDK lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SPLITS = ("train", "val", "test")


@cache
def official_folds(corpus: str) -> Mapping[str, str]:
    """Return the split of every video: ``train``, ``val`` or ``test``.

    CMU-MOSEI also has labelled videos that are in none of them, and two test videos without labels.

    Args:
        corpus: ``mosi`` or ``mosei``.

    Example:
        >>> official_folds("mosi")["03bSnISJMiM"], len(official_folds("mosei"))
        ('train', 3227)
    """
    listed = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))[corpus]
    return {video: split for split in SPLITS for video in listed[split]}
