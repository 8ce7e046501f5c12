"""How a run is judged: by the scores of its task, the customary ones first, or the one that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mser.errors import UserError
from mser.report.confidence.calibration import calibration_scorer
from mser.report.observers import observers_scorer
from mser.runs.run import Run
from mser.scoring.metrics import ALIASES
from mser.scoring.scorers import Judge, also, judge, led_by, one_vs_rest


def judged(run: Run, score: str | None = None) -> Judge:
    """Return how a run is judged.

    Args:
        run: a run with at least one finished fold.
        score: what it is to be judged by, such as ``macro_f1``, ``recall_hap``, ``log_loss`` or ``soft_accuracy``; the
            customary score if None.

    Raises:
        UserError: if the run has no such score.
    """
    if score is None:
        return judge(run.question, run.plan.label_set)
    known: dict[str, None] = {}
    for found in _judges(run):
        scores = found.scorer.score(run.jobs[0].said)
        name = score if score in scores else ALIASES.get(score, score)
        if name in scores:
            return led_by(found, name)
        known |= dict.fromkeys(scores)
    raise UserError(f"{run.folder} has no score {score!r}; give --score one of {', '.join(known)}")


def _judges(run: Run) -> Iterator[Judge]:
    """Yield the judge of the run's task, and those that know other scores of its answers as well."""
    found = judge(run.question, run.plan.label_set)
    yield found
    if run.plan.task == "scores":
        return
    labels = run.plan.labels
    if run.plan.task == "labels" and not run.plan.exclusive:
        yield also(found, one_vs_rest(labels), 4 * len(labels))
    # What knows nothing of an utterance but says how often each class is: calibrated, and no better than that.
    found = replace(found, constant=f"always giving each {'class' if run.plan.task == 'labels' else 'label'} its share")
    yield also(found, *calibration_scorer(run.question))
    if heard := observers_scorer(run):
        yield also(found, *heard)
