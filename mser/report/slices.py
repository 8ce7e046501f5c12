"""Scores of each kind of utterance: by style, near copies in train, agreement, gender, length, session, speaker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan

from mser.manifest import Utterance
from mser.report.agreement.observers import agreement
from mser.report.figures import pooled
from mser.report.json_layout import FLAT
from mser.runs.fold_predictions import Predictions
from mser.runs.run import Run
from mser.scoring.means import defined, mean
from mser.scoring.scorers import Judge
from mser.splits.protocols import Fold
from mser.splits.transcripts import NearCopies

Kinds = Mapping[int, Mapping[str, str]]
COPIES = ("near copy in train", "no near copy in train", "fewer than four words")
LENGTHS = {2.0: "under 2 s", 4.0: "2 to 4 s", 8.0: "4 to 8 s", float("inf"): "8 s and more"}
AGREEMENTS = ("all observers", "more than half", "half or fewer")
KEYS = ("styles", "near_copies", "agreements", "genders", "lengths", "sessions", "speakers")


@dataclass(frozen=True)
class SliceScore:
    """A score of a kind of utterance, of all folds as one set, and what a constant answer reaches there."""

    pooled: float | None
    floor: float | None


@dataclass(frozen=True)
class Slice:
    """The `utterances` of a kind, how many, and each listed score of them."""

    utterances: int
    scores: Mapping[str, SliceScore] = field(metadata=FLAT)


Slices = Mapping[str, Mapping[str, Slice] | None]
"""By `KEYS` the kinds in their order."""


def slices(run: Run, judge: Judge) -> Slices:
    """Return for each way to divide the judged utterances the pooled scores of each kind.

    Scores are pooled over folds: in a single fold a kind can be too rare to score every class.

    Returns:
        - ``styles``: improvised and scripted, as the corpus names them.
        - ``near_copies``: whether training on the fold has read nearly the same words
          (`mser.splits.transcripts.NearCopies`).
        - ``agreements``: how many of the observers chose the label (`mser.report.agreement.observers.agreement`).
        - ``genders``, ``lengths``, ``sessions``, ``speakers``.

        Each is None where nothing tells the kinds apart.
    """
    speakers = {
        name: who
        for job in run.jobs
        for name, who in zip(job.predictions.utterances, job.predictions.speakers, strict=True)
    }
    return {
        "styles": _slice(run, judge, _everywhere(run, {name: one.style for name, one in run.utterances.items()})),
        "near_copies": _slice(run, judge, _copied(run), COPIES),
        "agreements": _slice(run, judge, _everywhere(run, _agreed(run)), AGREEMENTS),
        "genders": _slice(run, judge, _everywhere(run, {name: one.gender for name, one in run.utterances.items()})),
        "lengths": _slice(run, judge, _everywhere(run, _lengths(run.utterances)), tuple(LENGTHS.values())),
        "sessions": _slice(run, judge, _everywhere(run, {name: one.session for name, one in run.utterances.items()})),
        "speakers": _slice(run, judge, _everywhere(run, speakers)),
    }


def _slice(run: Run, judge: Judge, kinds: Kinds, order: Sequence[str] = ()) -> Mapping[str, Slice] | None:
    """Return the scores of each kind, in `order` or else by name."""
    seeds = [_divided(run, seed, kinds) for seed in run.seeds]
    slices = {}
    for kind in order or sorted(seeds[0].keys() - {""}):
        if kind in seeds[0]:
            parts = [parts[kind] for parts in seeds]
            scores, floor = [judge.scorer.score(part) for part in parts], judge.scorer.floor(parts[0])
            slices[kind] = Slice(
                utterances=len(parts[0]),
                scores={
                    name: SliceScore(defined(mean(s[name] for s in scores)), defined(floor.get(name, nan)))
                    for name in judge.listed
                },
            )
    return slices or None


def _divided(run: Run, seed: int, kinds: Kinds) -> dict[str, Predictions]:
    """Return the pooled predictions of each kind; what is of none is left out."""
    of_each = [
        kinds.get(job.fold.number, {}).get(utterance, "")
        for job in run.jobs
        if job.seed == seed
        for utterance in job.predictions.utterances
    ]
    return pooled(run, seed).divided(of_each)


def _everywhere(run: Run, kinds: Mapping[str, str]) -> Kinds:
    return {fold.number: kinds for fold in run.plan.folds}


def _lengths(utterances: Mapping[str, Utterance]) -> dict[str, str]:
    return {
        name: next(words for least, words in LENGTHS.items() if one.duration < least)
        for name, one in utterances.items()
    }


def _agreed(run: Run) -> dict[str, str]:
    everyone, most, few = AGREEMENTS
    return {name: everyone if share == 1 else most if share > 0.5 else few for name, share in agreement(run).items()}


def _copied(run: Run) -> Kinds:
    """Return by fold, as words can be new in one and known in another; nothing where there are no transcripts."""
    if not any(one.transcript for one in run.utterances.values()):
        return {}
    copies = NearCopies(run.utterances.values())
    return {fold.number: _kinds(copies, fold, getattr(fold, run.part)) for fold in run.plan.folds}


def _kinds(copies: NearCopies, fold: Fold, judged: Sequence[str]) -> dict[str, str]:
    copied, new, short = COPIES
    compared = dict.fromkeys(copies.compared(judged), new)
    return dict.fromkeys(judged, short) | compared | dict.fromkeys(copies.found(judged, among=fold.train), copied)
