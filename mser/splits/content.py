"""What utterances hold beside their names: labels, times and transcripts. Knows no torch and opens no audio."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mser.manifest import Utterance
from mser.splits.protocols import Fold

KINDS: dict[str, Callable[[Utterance], Any]] = {
    "labels": lambda one: [one.label, dict(sorted(one.labels.items())), dict(sorted(one.scores.items()))],
    "times": lambda one: [one.start, one.end, one.duration, *([one.channel] if one.channel else [])],
    "transcripts": lambda one: one.transcript,
}


def content_digest(utterances: Iterable[Utterance], folds: Iterable[Fold]) -> str:
    """Return 16 hexadecimal digits that change with any label, time or transcript of the folds' utterances.

    Example:
        >>> one = Utterance("a", "a.wav", 1.0, "Yes.", "anna", "", label="neu")
        >>> content_digest([one, Utterance("b", "b.wav", 1.0, "No.", "ben", "")], [Fold(1, "one", ("a",), (), ())])
        'f22b08ebd420b0f4'
    """
    wanted = ids(folds)
    contents = [
        [utterance.id, *(kind(utterance) for kind in KINDS.values())]
        for utterance in utterances
        if utterance.id in wanted
    ]
    canonical = json.dumps(sorted(contents, key=lambda row: row[0]), separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def ids(folds: Iterable[Fold]) -> set[str]:
    """Return all utterances of some folds."""
    return {name for fold in folds for part in (fold.train, fold.val, fold.test) for name in part}


def differing(left: Mapping[str, Utterance], right: Mapping[str, Utterance]) -> dict[str, int]:
    """Return of how many utterances that both have each kind of content differs; what does not differ is left out.

    Args:
        left: utterances by id.
        right: others.

    Example:
        >>> one = Utterance("a", "a.wav", 1.0, "Yes.", "anna", "")
        >>> differing({"a": one}, {"a": Utterance("a", "a.wav", 0.5, "No.", "anna", ""), "b": one})
        {'times': 1, 'transcripts': 1}
    """
    both = left.keys() & right.keys()
    counts = {kind: sum(of(left[name]) != of(right[name]) for name in both) for kind, of in KINDS.items()}
    return {kind: count for kind, count in counts.items() if count}
