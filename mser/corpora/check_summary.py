"""What ``mser data check`` counts in a corpus, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mser.corpora.corpus import Corpus
from mser.data.completeness import silent_words
from mser.manifest import Manifest, Problem


@dataclass(frozen=True)
class CheckSummary:
    """A checked manifest in numbers; ``--json`` prints it as an object of these names.

    Attributes:
        corpus: its name.
        utterances: how many can be used.
        labels: published label to its number, the most frequent first.
        label_sets: name to the ``total`` and the number of each class.
        speakers: how many are known by name.
        seconds: of audio.
        splits: the corpus's own, to their sizes; None where it has none.
        problems: what cannot be used, and why.
        notes: what is unusual.
    """

    corpus: str
    utterances: int
    labels: Mapping[str, int]
    label_sets: Mapping[str, Mapping[str, int]]
    speakers: int
    seconds: float
    splits: Mapping[str, int] | None
    problems: Sequence[Problem]
    notes: Sequence[str]


def check_summary(which: Corpus, manifest: Manifest) -> CheckSummary:
    """Return what ``mser data check`` says of a checked manifest."""
    labels = Counter(utterance.label for utterance in manifest if utterance.label is not None)
    splits = Counter(utterance.split for utterance in manifest if utterance.split)
    return CheckSummary(
        corpus=which.name,
        utterances=len(manifest),
        labels=dict(labels.most_common()),
        label_sets={
            label_set.name: {"total": len(label_set.select(manifest)), **label_set.counts(manifest)}
            for label_set in which.label_sets
        },
        speakers=len({utterance.speaker for utterance in manifest} - {""}),
        seconds=round(sum(utterance.duration for utterance in manifest if utterance.audio), 3),
        splits=dict(splits) or None,
        problems=manifest.problems,
        notes=[*manifest.notes, *filter(None, [silent_words(manifest.utterances)])],
    )
