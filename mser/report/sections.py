"""What a complete run says in full: overall, per class or score, by kind of utterance, and as a picture's points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mser.report.confidence.abstaining import abstaining
from mser.report.confidence.calibration import calibration
from mser.report.confidence.mistakes import mistakes
from mser.report.doubts import over_speakers
from mser.report.figures import figures, pooled
from mser.report.observers import observers
from mser.report.raters import raters
from mser.report.recordings import recordings
from mser.report.robustness import robustness
from mser.report.shortcuts.floors import shortcuts
from mser.report.slices import KEYS, slices
from mser.runs.run import Json, Run
from mser.scoring import metrics
from mser.scoring.clusters import Clusters, clusters
from mser.scoring.metrics import OF_A_CLASS
from mser.scoring.scorers import Judge, one_vs_rest

_POINTS = 1500
_ANSWERS: dict[str, Callable[[Run], Any]] = {
    "abstaining": abstaining,
    "mistakes": mistakes,
}
_EXTRA = ("observers", "raters", "calibration", "robustness", "shortcuts", "over_speakers", "recordings")
_PARTS = ("clusters", "overall", "classes", "confusion", "binary", "attributes", "scatter", *_EXTRA, *KEYS, *_ANSWERS)


def sections(run: Run, judge: Judge) -> Json:
    """Return the figures of a run; all are null in a partial one.

    Returns:
        - ``clusters``: what the intervals rest on.
        - ``overall``: the figure of each score that the task has, and of its other names.
        - ``classes``, ``confusion``: for one label per utterance, else null.
        - ``binary``: of each label against the rest, for the objective OneVsRest, else null.
        - ``attributes``: of each score by itself, and ``scatter``: points to draw; null where labels are asked for.
        - ``styles``, ``near_copies``, ``genders``, ...: of each kind of utterance; see `mser.report.slices.slices`.
        - ``observers``: how near the probabilities are to what the observers said, or null.
        - ``raters``: how far single observers agree on scores, and the model in the place of one, or null.
        - ``robustness``: the same models under harder conditions; see `mser.report.robustness.robustness`.
        - ``shortcuts``: what trivial cues reach in its place; see `mser.report.shortcuts.floors.shortcuts`.
        - ``recordings``: what the recordings of each class are like; see `mser.report.recordings.recordings`.
        - ``over_speakers``: UA as the mean over speakers where some lack classes.
        - ``calibration``, ``abstaining``, ``mistakes``: of single answers; see the modules of these names.
    """
    if run.missing:
        return dict.fromkeys(_PARTS)
    speakers = clusters(run)
    found = figures(run, judge.scorer, speakers)
    overall = {name: found[name] for name in judge.listed}
    aliases = {alias: overall[name] for alias, name in metrics.ALIASES.items() if name in overall}
    return {
        **dict.fromkeys(_PARTS),
        "clusters": speakers.facts(),
        "overall": overall | aliases,
        **_PER_TASK[run.plan.task](run, found, speakers),
        **slices(run, judge),
        "observers": observers(run, speakers),
        "raters": raters(run, speakers),
        "calibration": calibration(run, speakers),
        "robustness": robustness(run, judge),
        "shortcuts": shortcuts(run, judge, speakers),
        "recordings": recordings(run),
        "over_speakers": over_speakers(run, judge),
        **{name: tell(run) for name, tell in _ANSWERS.items()},
    }


def _labels(run: Run, found: Json, speakers: Clusters) -> Json:
    labels = run.plan.labels
    truth = np.bincount(pooled(run, run.seeds[0]).target, minlength=len(labels)).tolist()
    classes = {
        label: {"utterances": count, **{name: {**found[f"{name}_{label}"], "floor": None} for name in OF_A_CLASS}}
        for label, count in zip(labels, truth, strict=True)
    }
    return {
        "classes": classes,
        "confusion": _confusion(run),
        "binary": figures(run, one_vs_rest(labels), speakers) if not run.plan.exclusive else None,
    }


def _confusion(run: Run) -> Json:
    labels = run.plan.labels
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    for job in run.jobs:
        np.add.at(counts, (job.said.target, job.said.prediction), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return {"labels": list(labels), "counts": counts.tolist(), "row_shares": shares.tolist()}


def _multi_label(run: Run, found: Json, _: Clusters) -> Json:
    present = pooled(run, run.seeds[0]).target.sum(0).tolist()
    return {"binary": found | {"present": dict(zip(run.plan.labels, present, strict=True))}}


def _scores(run: Run, found: Json, _: Clusters) -> Json:
    several = {
        name: figure for name, figure in found.items() if name.endswith(tuple(f"_{label}" for label in run.plan.labels))
    }
    return {"attributes": several or None, "scatter": _scatter(run)}


def _scatter(run: Run) -> Json:
    """Return true and predicted scores of the first seed, thinned evenly where there are too many to draw."""
    said = pooled(run, run.seeds[0])
    step = -(-len(said) // _POINTS)
    return {
        "of": len(said),
        "points": {
            label: {
                "target": said.target[::step, column].round(4).tolist(),
                "prediction": said.prediction[::step, column].round(4).tolist(),
            }
            for column, label in enumerate(run.plan.labels)
        },
    }


_PER_TASK = {"labels": _labels, "multi_label": _multi_label, "scores": _scores}
