"""What a task asks of an utterance: one label, several at once, or scores. Knows no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import nan
from typing import ClassVar

from mser.manifest import Utterance

UNKNOWN = -1
"""The class index of an utterance that has no label in the task."""


class Kind(StrEnum):
    """The kinds of task, by the names that ``protocol.json`` and model folders give them; compared nowhere else.

    Example:
        >>> Kind("scores").is_numbers, Kind("multi_label").is_numbers
        (True, False)
    """

    LABELS = "labels"
    MULTI_LABEL = "multi_label"
    SCORES = "scores"

    @property
    def is_one_label(self) -> bool:
        """Whether one of the labels holds of an utterance."""
        return self is Kind.LABELS

    @property
    def is_several_labels(self) -> bool:
        """Whether any number of the labels may hold at once."""
        return self is Kind.MULTI_LABEL

    @property
    def is_numbers(self) -> bool:
        """Whether the answers are numbers, which have no probabilities."""
        return self is Kind.SCORES


@dataclass(frozen=True)
class LabelSet:
    """The classes of a task, made from a corpus's published labels.

    Attributes:
        name: how an experiment asks for it, such as ``iemocap4``.
        labels: the classes; their order is the order of probabilities and logits.
        merge: published labels that count as one of `labels`; all other labels are dropped.
        tells: which of `Utterance.labels` it is made from; `Utterance.label` when empty.

    Example:
        >>> four = LabelSet("iemocap4", ("neu", "sad", "ang", "hap"), merge={"exc": "hap"})
        >>> four("exc"), four("sad"), four("fru")
        ('hap', 'sad', None)
    """

    name: str
    labels: tuple[str, ...]
    merge: Mapping[str, str] = field(default_factory=dict)
    tells: str = ""
    kind: ClassVar = Kind.LABELS

    def __call__(self, published: str | None) -> str | None:
        """Return the class of a published label, or None if this task drops it."""
        label = self.merge.get(published or "", published)
        return label if label in self.labels else None

    def select(self, utterances: Iterable[Utterance]) -> list[Utterance]:
        """Return the utterances that have a class in this task, in their order."""
        return [utterance for utterance in utterances if self(self._published(utterance)) is not None]

    def counts(self, utterances: Iterable[Utterance]) -> dict[str, int]:
        """Return how many utterances each class has, classes without any included."""
        sizes = Counter(self(self._published(utterance)) for utterance in utterances)
        return {label: sizes[label] for label in self.labels}

    def target(self, utterance: Utterance) -> int:
        """Return the index of the utterance's class, or `UNKNOWN`."""
        label = self(self._published(utterance))
        return UNKNOWN if label is None else self.labels.index(label)

    def _published(self, utterance: Utterance) -> str | None:
        return utterance.labels.get(self.tells) if self.tells else utterance.label


@dataclass(frozen=True)
class MultiLabel:
    """Labels of which several may hold at once, such as the six emotions of CMU-MOSEI.

    Attributes:
        name: how an experiment asks for it.
        labels: the classes; each is present where the utterance's score of that name is above 0.

    Example:
        >>> moods = MultiLabel("moods", ("happy", "sad"))
        >>> moods.target(Utterance("a", "a.wav", 1.0, "", "s", "g", scores={"happy": 0.7, "sad": 0.0}))
        [1.0, 0.0]
    """

    name: str
    labels: tuple[str, ...]
    kind: ClassVar = Kind.MULTI_LABEL

    def select(self, utterances: Iterable[Utterance]) -> list[Utterance]:
        """Return the utterances that were rated on all labels, in their order."""
        return [utterance for utterance in utterances if set(self.labels) <= set(utterance.scores)]

    def counts(self, utterances: Iterable[Utterance]) -> dict[str, int]:
        """Return in how many utterances each label is present."""
        chosen = self.select(utterances)
        return {label: sum(utterance.scores[label] > 0 for utterance in chosen) for label in self.labels}

    def target(self, utterance: Utterance) -> list[float]:
        """Return 1 or 0 for each label; NaN where it was not rated."""
        return [float(utterance.scores[label] > 0) if label in utterance.scores else nan for label in self.labels]


@dataclass(frozen=True)
class ScoreSet:
    """Numbers to predict, such as sentiment, or valence, arousal and dominance.

    Attributes:
        name: how an experiment asks for it.
        labels: the names of the scores.
        low: the least possible score.
        high: the greatest.

    Example:
        >>> sentiment = ScoreSet("sentiment", ("sentiment",), low=-3, high=3)
        >>> sentiment.target(Utterance("a", "a.wav", 1.0, "", "s", "g", scores={"sentiment": -1.4}))
        [-1.4]
    """

    name: str
    labels: tuple[str, ...]
    low: float
    high: float
    kind: ClassVar = Kind.SCORES

    def select(self, utterances: Iterable[Utterance]) -> list[Utterance]:
        """Return the utterances that have all scores, in their order."""
        return [utterance for utterance in utterances if set(self.labels) <= set(utterance.scores)]

    def counts(self, utterances: Iterable[Utterance]) -> dict[str, int]:
        """Return how many utterances have each score."""
        chosen = list(utterances)
        return {label: sum(label in utterance.scores for utterance in chosen) for label in self.labels}

    def target(self, utterance: Utterance) -> list[float]:
        """Return the scores; NaN where there is none."""
        return [utterance.scores.get(label, nan) for label in self.labels]


Task = LabelSet | MultiLabel | ScoreSet


def task_of_kind(kind: Kind, name: str, labels: tuple[str, ...], low: float = -1, high: float = 1) -> Task:
    """Return a task by what a run or a model folder says of it.

    Args:
        kind: which of the three.
        name: of the label set.
        labels: the classes, or the names of the scores.
        low: the least possible score; heeded by scores alone.
        high: the greatest.

    Example:
        >>> task_of_kind(Kind.MULTI_LABEL, "moods", ("happy", "sad"))
        MultiLabel(name='moods', labels=('happy', 'sad'))
    """
    if kind.is_numbers:
        return ScoreSet(name, labels, low, high)
    return MultiLabel(name, labels) if kind.is_several_labels else LabelSet(name, labels)
