"""Shortcut floors: what trivial cues reach in a run's place, under the same folds, scored in the same way.

For each group of cues (`mser.report.shortcuts.cue_groups`) and each fold a model is fitted on the fold's training part
and asked about what the run was judged on:

- labels: multinomial logistic regression (scikit-learn, L2 with C = 1) on cues standardised by the training part; for
  each of several labels one. Each class counts the same for scores in which it does (UA, macro F1, balanced accuracy),
  each utterance for all others: a floor is as high as such a model can get it.
- scores: ridge regression.

A floor is never raised to chance: one below it says that the cue means something else for the tested speakers. In the
first score, floor and difference of run and floor have 95 % intervals over the same resampled speakers, never narrower
than if all utterances were independent; the run is *clearly better* where all of the difference's is above 0. They are
of these trained models: nothing is said of the method, trained again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mser import corpora
from mser.corpora.table import corpus as own
from mser.errors import UserError
from mser.labels import UNKNOWN, Task, task_of_kind
from mser.report.figures import Interval, models_error
from mser.report.json_layout import FLAT
from mser.report.shortcuts import linear
from mser.report.shortcuts.cue_groups import Cues, cues, groups, table
from mser.report.shortcuts.linear import standardised
from mser.runs.cues import read_cues
from mser.runs.fold_predictions import Predictions
from mser.runs.run import Job, Run
from mser.scoring.clusters import Clusters
from mser.scoring.influence import independent_error, influences
from mser.scoring.means import defined, mean
from mser.scoring.measures import measure
from mser.scoring.scorers import Judge
from mser.scoring.statistics import Floats, interval

BALANCED = ("ua", "macro_f1", "balanced_accuracy")
"""Scores in which each class counts the same."""
_Key = tuple[str, bool]
_OWN: _Key = ("", False)  # the run's own answers among those of the shortcuts, which have a name


class _Moved(NamedTuple):
    """The first score where speakers weigh otherwise, (R,), and by fold how much each utterance moves it."""

    resampled: Floats
    influence: Mapping[int, Floats]


@dataclass(frozen=True)
class Reached:
    """A score that a shortcut reaches. But for the first score, or without intervals, the last three are None.

    Attributes:
        mean: over folds.
        difference: by which the run is better.
        interval: 95 %, of the mean.
        difference_interval: of the difference.
        clearly_better: whether the run is.
    """

    mean: float | None
    difference: float | None
    interval: Interval | None = None
    difference_interval: Interval | None = None
    clearly_better: bool | None = None

    @property
    def surest(self) -> Interval | None:
        """The interval that a reader should take the mean for."""
        return self.interval


@dataclass(frozen=True)
class Shortcut:
    """What a group of cues reaches.

    Attributes:
        name: the group's.
        cues: what it holds.
        lacking: how many utterances lack one of them.
        scores: the listed ones.
    """

    name: str
    cues: Sequence[str]
    lacking: int
    scores: Mapping[str, Reached] = field(metadata=FLAT)


def shortcuts(run: Run, judge: Judge, clusters: Clusters) -> list[Shortcut] | None:
    """Return what each group of cues reaches, in the order of `groups`; None where the truth of train is not known.

    Args:
        run: a complete one.
        judge: how it is judged.
        clusters: its own.
    """
    truth = _truth(run)
    if truth is None:
        return None
    measured = cues(run.utterances, read_cues(run.folder))
    weightings = list(dict.fromkeys(score in BALANCED for score in judge.listed))
    answers = {
        (name, balanced): answered
        for name, names in groups(measured).items()
        for balanced, answered in _answered(run, truth, measured, names, weightings).items()
    }
    first = judge.headline[0]
    moved = _moved(run, judge, clusters, {key: one for key, one in answers.items() if key[1] == (first in BALANCED)})
    means = {key: _means(one, judge) for key, one in {_OWN: run, **answers}.items()}
    rows = []
    for name, names in groups(measured).items():
        scores = {}
        for score in judge.listed:
            key = (name, score in BALANCED)
            scores[score] = _reached(score, means[_OWN][score], means[key][score])
            if score == first and moved:
                scores[score] = _sure(score, scores[score], clusters, moved[_OWN], moved[key])
        rows.append(Shortcut(name, list(names), _lacking(run, measured, names), scores))
    return rows


def _truth(run: Run) -> Mapping[str, Any] | None:
    """Return the target of each utterance that has one.

    None where a fold has none to train on, or the manifest tells another than the predictions.
    """
    task = task_of(run)
    targets = {name: task.target(utterance) for name, utterance in run.utterances.items()}
    labelled = {name: target for name, target in targets.items() if not _unknown(target)}
    if not all(labelled.keys() & fold.train for fold in run.plan.folds):
        return None
    agree = all(
        name in labelled and run.question.in_words(labelled[name]) == told for name, told in run.truth().items()
    )
    return labelled if agree else None


def _unknown(target: Any) -> bool:
    return bool(target == UNKNOWN) if isinstance(target, int) else any(map(isnan, target))


def task_of(run: Run) -> Task:
    """Return the task, with the labels that its corpus merges, if that is known."""
    plan = run.plan
    if plan.corpus != own.NAME:
        try:
            task = corpora.corpus(plan.corpus).label_set(plan.label_set)
        except UserError:
            task = None
        if task is not None and task.labels == plan.labels:
            return task
    return task_of_kind(plan.task, plan.label_set, plan.labels, low=-np.inf, high=np.inf)


def _answered(
    run: Run, truth: Mapping[str, Any], known: Cues, names: Sequence[str], weightings: Sequence[bool]
) -> dict[bool, Run]:
    """Return runs of one seed in which a model of these cues alone has given the answers, by whether it is balanced."""
    jobs: dict[bool, list[Job]] = {balanced: [] for balanced in weightings}
    for job in run.jobs:
        if job.seed == run.seeds[0]:
            train = [name for name in job.fold.train if name in truth]
            inputs = standardised(table(known, train, names), table(known, job.predictions.utterances, names))
            target = np.array([truth[name] for name in train])
            for balanced, several in jobs.items():
                several.append(replace(job, predictions=_predicted(run, job.predictions, *inputs, target, balanced)))
    return {balanced: replace(run, jobs=tuple(several), seeds=run.seeds[:1]) for balanced, several in jobs.items()}


def _predicted(
    run: Run, judged: Predictions, train: Floats, cues: Floats, target: NDArray[Any], balanced: bool
) -> Predictions:
    """Return the predictions of a linear model for the utterances that were judged."""
    if run.plan.task.is_numbers:
        return replace(judged, prediction=linear.scores(train, target, cues))
    if run.plan.task.is_several_labels:
        probabilities = linear.present(train, target, cues, balanced=balanced)
        return replace(judged, prediction=probabilities > 0.5, probabilities=probabilities)
    probabilities = linear.probable(train, target, cues, len(run.plan.labels), balanced=balanced)
    return replace(judged, prediction=probabilities.argmax(1), probabilities=probabilities)


def _means(run: Run, judge: Judge) -> dict[str, float]:
    scores = [judge.scorer.score(job.predictions) for job in run.jobs]
    folds = [[one for one, job in zip(scores, run.jobs, strict=True) if job.fold == fold] for fold in run.plan.folds]
    return {name: mean(mean(s[name] for s in fold) for fold in folds) for name in judge.listed}


def _moved(run: Run, judge: Judge, clusters: Clusters, answers: Mapping[_Key, Run]) -> dict[_Key, _Moved]:
    """Return how the first score of the run and of each shortcut moves with the same speakers; or nothing."""
    if clusters.freedom < 1:
        return {}
    first, runs = judge.headline[0], {_OWN: run, **answers}
    tables = {key: list(clusters.sums(one, judge.scorer).values()) for key, one in runs.items()}
    pieces: dict[_Key, list[Floats]] = {key: [] for key in tables}
    for weights in clusters.weights():
        for key, several in tables.items():
            scores = [clusters.scores(judge.scorer, weights, one)[first] for one in several]
            pieces[key].append(np.mean(scores, axis=0))
    return {key: _Moved(np.concatenate(pieces[key]), influences(one, judge.scorer)[first]) for key, one in runs.items()}


def _reached(score: str, own_mean: float, reached: float) -> Reached:
    return Reached(defined(reached), defined(measure(score).better * (own_mean - reached)))


def _sure(score: str, reached: Reached, clusters: Clusters, mine: _Moved, other: _Moved) -> Reached:
    """Return how sure a floor and its difference from the run are."""
    if reached.mean is None or reached.difference is None:
        return reached
    apart = measure(score).better * (mine.resampled - other.resampled)
    least = independent_error(mine.influence, other.influence)
    alone = models_error(reached.mean, other.resampled, clusters.freedom, independent_error(other.influence))
    both = models_error(reached.difference, apart, clusters.freedom, least)
    difference = interval(reached.difference, both.size, both.freedom) if both else None
    return replace(
        reached,
        interval=interval(reached.mean, alone.size, alone.freedom, measure(score).scale) if alone else None,
        difference_interval=difference,
        clearly_better=bool(difference[0] > 0) if difference else None,
    )


def _lacking(run: Run, known: Cues, names: list[str]) -> int:
    rows = table(known, list(run.utterances), names)
    return int(np.isnan(rows).any(1).sum())
