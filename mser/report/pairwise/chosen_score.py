"""How a run is judged: by the scores of its task, the customary ones first, or the one that was asked for."""

from __future__ import annotations

from dataclasses import replace

from mser.errors import UserError
from mser.report.agreement.observers import MEASURED as SOFT
from mser.report.agreement.observers import soft_labels, soft_scorer, width
from mser.report.confidence import calibration_error
from mser.runs.run import Run
from mser.scoring.metrics import ALIASES
from mser.scoring.scorers import Judge, judge, knowing, led_by, with_binary


def judged(run: Run, score: str | None = None) -> Judge:
    """Return how a run is judged.

    Args:
        run: a run with at least one finished fold.
        score: what it is to be judged by, such as ``macro_f1``, ``recall_hap``, ``js_divergence`` or ``ece``; the
            customary score if None.

    Raises:
        UserError: if the run has no such score.
    """
    judged = judge(run.question, run.plan.label_set)
    if score is None:
        return judged
    if not run.plan.exclusive and run.plan.task.is_one_label:
        judged = with_binary(judged, run.plan.labels)
    name, names = ALIASES.get(score, score), list(judged.scorer.score(run.jobs[0].predictions))
    if name in names:
        return led_by(judged, name)
    shares = soft_labels(run)
    others = (SOFT if shares else ()) + (calibration_error.MEASURED if not run.plan.task.is_numbers else ())
    if name not in others:
        why = " (nobody's votes are known)" if name in SOFT and not shares else ""
        raise UserError(f"{run.folder} has no score {score!r}{why}; give --score one of {', '.join([*names, *others])}")
    if name in SOFT:
        more = knowing(judged, soft_scorer(run, shares), width=width(len(run.plan.labels)))
    else:
        more = knowing(judged, calibration_error.calibration_scorer(run.question), width=calibration_error.WIDTH)
    return led_by(replace(more, constant="the best constant answer to each"), name)
