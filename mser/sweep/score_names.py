"""Which validation scores a planned run will have, before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path

from mser.labels import LabelSet, MultiLabel, ScoreSet, Task
from mser.runs.folder import PROTOCOL
from mser.tasks import score_names


def validation_scores(run: Path) -> list[str]:
    """Return the names of the scores of a run of which no more than the plan need be there.

    Args:
        run: a folder with a ``protocol.json``.
    """
    plan = json.loads((run / PROTOCOL).read_text(encoding="utf-8"))
    name, labels = plan["label_set"], tuple(plan["labels"])
    task: Task
    if plan["task"] == "labels":
        task = LabelSet(name, labels)
    elif plan["task"] == "multi_label":
        task = MultiLabel(name, labels)
    else:
        task = ScoreSet(name, labels, low=-1, high=1)
    return ["loss", *score_names(task)]
