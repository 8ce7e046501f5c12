"""What is told of two runs that are compared: by how much they differ, and whether that could be chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mser.report.figures import Interval
from mser.report.json_layout import FLAT
from mser.scoring.luck import Method


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of accuracy with the first of each run's `seeds`: how many only one of them has right."""

    seeds: Sequence[int]
    only_better: int
    only_worse: int
    p: float


@dataclass(frozen=True)
class Swaps:
    """How the trained models of a pair are compared: by swapping their answers to speakers.

    Attributes:
        flips: how many swaps there were.
        exact: whether these are all.
        least_p: the least p that so few speakers can give.
        effect: Cohen's d_z over speakers.
        mcnemar: for one label per utterance.
        clusters: how many speakers, or what stands in for them.
        unnamed: how many of these are no such unit, by kind.
        unit: see `mser.scoring.clusters.Clusters`.
    """

    flips: int
    exact: bool
    least_p: float
    effect: float | None
    mcnemar: McNemar | None
    clusters: int
    unnamed: Mapping[str, int]
    unit: str


@dataclass(frozen=True)
class OfWeights:
    """What is known of the trained models alone: the difference's `interval`, and p by permutation."""

    interval: Interval | None
    p: float
    swaps: Swaps = field(metadata=FLAT)
    p_holm: float


@dataclass(frozen=True)
class Pair:
    """Two runs compared by the first headline score.

    Attributes:
        better: the name of the better run.
        worse: that of the other.
        score: which one.
        difference: positive where more is better.
        method: ``seeds``, ``folds`` or ``none`` (`mser.scoring.luck`), for the settings, other seeds and training sets
            included. Where it is ``none``, p, interval and what is made of them are None.
        p: of the difference.
        degrees_of_freedom: of its error.
        seeds: how many either run has.
        folds: how many there are.
        too_few_seeds: the names of the trained runs that have too few to decide by seeds, which of a late fusion are
            the two that it is made of.
        swaps: how the trained models are compared.
        of_these_weights: what comes of that.
        verdict: ``better``; ``unclear``; or ``undecidable``, where nothing tells what other seeds would change.
        p_holm: p corrected for the number of pairs.
        interval: of the difference from the same error, corrected alike, so that it leaves out 0 exactly where the
            verdict is ``better``.
        smallest_detectable: the difference that four fifths of such comparisons would find.
        sentence: all this in words.
    """

    better: str
    worse: str
    score: str
    difference: float
    method: Method
    p: float | None
    degrees_of_freedom: float | None
    seeds: tuple[int, int]
    folds: int
    too_few_seeds: Sequence[str]
    swaps: Swaps = field(metadata=FLAT)
    of_these_weights: OfWeights
    verdict: Literal["better", "unclear", "undecidable"]
    p_holm: float | None
    interval: Interval | None
    smallest_detectable: float | None
    sentence: str = ""

    @property
    def is_better(self) -> bool:
        """Whether the difference is beyond chance, that of training included."""
        return self.verdict == "better"
