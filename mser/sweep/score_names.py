"""Which validation scores a planned run will have, before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path

from mser.labels import Kind, task_of_kind
from mser.runs.folder import PROTOCOL
from mser.tasks import score_names


def validation_scores(run: Path) -> list[str]:
    """Return the names of the scores of a run of which no more than the plan need be there.

    Args:
        run: a folder with a ``protocol.json``.
    """
    plan = json.loads((run / PROTOCOL).read_text(encoding="utf-8"))
    task = task_of_kind(Kind(plan["task"]), plan["label_set"], tuple(plan["labels"]))
    return ["loss", *score_names(task)]
