"""How a run is judged: by the scores of its task, the customary ones first, or the one that was asked for."""

from __future__ import annotations

from mser.errors import UserError
from mser.runs.run import Run
from mser.scoring.metrics import ALIASES
from mser.scoring.scorers import Judge, judge, led_by, with_binary


def judged(run: Run, score: str | None = None) -> Judge:
    """Return how a run is judged.

    Args:
        run: a run with at least one finished fold.
        score: what it is to be judged by, such as ``macro_f1`` or ``recall_hap``; the customary score if None.

    Raises:
        UserError: if the run has no such score.
    """
    found = judge(run.question, run.plan.label_set)
    if not run.plan.exclusive and run.plan.task == "labels" and score is not None:
        found = with_binary(found, run.plan.labels)
    if score is None:
        return found
    known = list(found.scorer.score(run.jobs[0].said))
    name = score if score in known else ALIASES.get(score, score)
    if name not in known:
        raise UserError(f"{run.folder} has no score {score!r}; give --score one of {', '.join(known)}")
    return led_by(found, name)
