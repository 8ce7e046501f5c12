"""The batches of an epoch over a corpus of IEMOCAP's lengths, by three samplers, and a few that stand for all of them.

A whole epoch of 5,531 utterances takes hours on two cores. An epoch over a few dozen is no smaller copy of it: grouping
by length finds no similar lengths among so few. So the batches are those of the whole epoch, and a few are trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import mean

from material import BATCH, BUDGET, UTTERANCES, lengths

Batches = list[list[float]]
"""Of each batch the seconds of its utterances."""


def random() -> Batches:
    """Return the Trainer's own: eight utterances, as they come."""
    import torch

    return _eights(torch.randperm(UTTERANCES, generator=torch.Generator().manual_seed(1)).tolist())


def grouped() -> Batches:
    """Return the Trainer's with `group_by_length`: eight utterances, sorted by length among four hundred."""
    import torch
    from transformers.trainer_pt_utils import LengthGroupedSampler

    whole = [round(1000 * seconds) for seconds in lengths(UTTERANCES)]
    generator = torch.Generator().manual_seed(1)
    return _eights(list(LengthGroupedSampler(BATCH, lengths=whole, generator=generator)))


def budgeted() -> Batches:
    """Return mser's: as many utterances as keep the budget of seconds."""
    from mser.data.batches import LengthBatches

    seconds = lengths(UTTERANCES)
    return [[seconds[index] for index in batch] for batch in LengthBatches(seconds, BUDGET, shuffle=True).batches()]


def few(batches: Batches, count: int) -> Batches:
    """Return so many batches that stand for an epoch: ordered by length and cut in as many parts, one of each part."""
    ordered = sorted(batches, key=max)
    edges = [round(len(ordered) * part / count) for part in range(count + 1)]
    parts = [ordered[start:end] for start, end in pairwise(edges)]
    return [min(part, key=_distance_to(mean(map(max, part)))) for part in parts]


def padded(batch: list[float]) -> float:
    """Return the seconds that a batch has with its padding."""
    return len(batch) * max(batch)


def padding(batches: Batches) -> float:
    """Return padded over actual seconds."""
    return sum(map(padded, batches)) / sum(map(sum, batches))


def _eights(order: list[int]) -> Batches:
    seconds = lengths(UTTERANCES)
    return [[seconds[index] for index in order[start : start + BATCH]] for start in range(0, UTTERANCES, BATCH)]


def _distance_to(wanted: float) -> Callable[[list[float]], float]:
    return lambda batch: abs(max(batch) - wanted)
