"""What raters said of an utterance, counted as votes for the classes of a label set. Knows no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import nan

from mser.labels import LabelSet, MultiLabel
from mser.manifest import Rating, Utterance

_CLOSE = 1e-9  # of sums of halves and thirds


@dataclass(frozen=True)
class Votes:
    """How ratings become votes: each rater has one, split evenly over the labels that he or she chose.

    Speakers who rated themselves do not vote; what is chosen and is no class of the label set is lost.

    Attributes:
        task: the label set.
        words: the raters' words for published labels, see `mser.corpora.corpus.Corpus.rated`.

    Example:
        >>> votes = Votes(LabelSet("three", ("neu", "sad", "hap")), {"Sadness": "sad", "Happiness": "hap"})
        >>> ratings = (Rating("a", ("Sadness",)), Rating("b", ("Sadness",)), Rating("c", ("Sadness", "Happiness")))
        >>> votes.counts(Utterance("x", "x.wav", 1.0, "", "s", "g", ratings=ratings))
        (0.0, 2.5, 0.5)
    """

    task: LabelSet
    words: Mapping[str, str]

    def classes(self, rating: Rating) -> list[int]:
        """Return the class index of each label that a rater chose; -1 for what is none of the classes."""
        named = [self.task(self.words.get(label)) for label in rating.labels]
        return [-1 if name is None else self.task.labels.index(name) for name in named]

    def of(self, rating: Rating) -> tuple[float, ...]:
        """Return one rater's vote, a number per class, which sum to 1 at most."""
        vote = [0.0] * len(self.task.labels)
        for index in self.classes(rating):
            if index >= 0:
                vote[index] += 1 / len(rating.labels)
        return tuple(vote)

    def counts(self, utterance: Utterance) -> tuple[float, ...]:
        """Return the votes for each class; all 0 where nobody voted for any."""
        votes = [self.of(rating) for rating in observers(utterance)]
        return tuple(map(sum, zip(*votes, strict=True))) if votes else (0.0,) * len(self.task.labels)

    def shares(self, utterance: Utterance) -> tuple[float, ...]:
        """Return the share of each class among the votes, which sum to 1; all NaN where there is no vote."""
        counts = self.counts(utterance)
        total = sum(counts)
        return tuple(count / total for count in counts) if total else (nan,) * len(counts)

    def target(self, utterance: Utterance) -> tuple[float, ...]:
        """Return the shares, or where there is no vote the utterance's own label as if all had chosen it."""
        if any(self.counts(utterance)):
            return self.shares(utterance)
        own = self.task.target(utterance)
        return tuple(float(index == own) if own >= 0 else nan for index in range(len(self.task.labels)))


@dataclass(frozen=True)
class VotedLabels(MultiLabel):
    """Labels of which each holds where it has more than an even share of the votes.

    With C classes that is more than 1/C, as EMO-SUPERB does it (Wu et al. 2024, arXiv 2402.13018). Nothing is dropped
    because raters disagree: whatever has a vote for a class counts.

    Attributes:
        votes: what is counted.
    """

    votes: Votes

    def select(self, utterances: Iterable[Utterance]) -> list[Utterance]:
        """Return the utterances with a vote for any class, in their order."""
        return [utterance for utterance in utterances if any(self.votes.counts(utterance))]

    def counts(self, utterances: Iterable[Utterance]) -> dict[str, int]:
        """Return in how many utterances each label holds."""
        targets = [self.target(utterance) for utterance in self.select(utterances)]
        return {label: sum(target[place] > 0 for target in targets) for place, label in enumerate(self.labels)}

    def target(self, utterance: Utterance) -> list[float]:
        """Return 1 or 0 for each label; NaN where nobody voted."""
        shares = self.votes.shares(utterance)
        return [share if share != share else float(above_even(share, len(shares))) for share in shares]


def voted(task: LabelSet, words: Mapping[str, str]) -> VotedLabels:
    """Return the label set of several labels that goes with one of single labels: ``iemocap4-votes``.

    Example:
        >>> voted(LabelSet("two", ("neu", "sad")), {}).name
        'two-votes'
    """
    return VotedLabels(f"{task.name}-votes", task.labels, Votes(task, words))


def observers(utterance: Utterance) -> Iterator[Rating]:
    """Yield the ratings that are votes: of others than the speaker, and of those who chose something."""
    return (rating for rating in utterance.ratings if not rating.is_self and rating.labels)


def above_even(share: float, classes: int) -> bool:
    """Return whether a share is more than one of so many equal ones.

    Example:
        >>> above_even(0.3, 4), above_even(0.25, 4)
        (True, False)
    """
    return share > 1 / classes + _CLOSE
