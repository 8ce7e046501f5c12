"""Which published labels a task keeps, merges or drops. Knows no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mser.manifest import Utterance


@dataclass(frozen=True)
class LabelSet:
    """The classes of a task, made from a corpus's published labels.

    Attributes:
        name: how an experiment asks for it, such as ``iemocap4``.
        labels: the classes; their order is the order of probabilities and logits.
        merge: published labels that count as one of `labels`; all other labels are dropped.

    Example:
        >>> four = LabelSet("iemocap4", ("neu", "sad", "ang", "hap"), merge={"exc": "hap"})
        >>> four("exc"), four("sad"), four("fru")
        ('hap', 'sad', None)
    """

    name: str
    labels: tuple[str, ...]
    merge: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, published: str | None) -> str | None:
        """Return the class of a published label, or None if this task drops it."""
        label = self.merge.get(published or "", published)
        return label if label in self.labels else None

    def select(self, utterances: Iterable[Utterance]) -> list[Utterance]:
        """Return the utterances that have a class in this task, in their order."""
        return [utterance for utterance in utterances if self(utterance.label) is not None]

    def counts(self, utterances: Iterable[Utterance]) -> dict[str, int]:
        """Return how many utterances each class has, classes without any included."""
        found = Counter(self(utterance.label) for utterance in utterances)
        return {label: found[label] for label in self.labels}
