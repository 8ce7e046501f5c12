"""What the recordings of a run are like, by class, and what gives a class away: `mser data describe` without audio."""

from __future__ import annotations

from mser.corpora.describing import summary
from mser.corpora.description import describe
from mser.report.shortcuts.floors import task_of
from mser.runs.cues import read_cues
from mser.runs.run import Json, Run


def recordings(run: Run) -> Json | None:
    """Return medians and quantiles of each class and part, and the giveaways; null for a run without ``cues.csv``."""
    measured = read_cues(run.folder)
    if not measured.keys() & run.utterances.keys():
        return None
    found = summary(describe(list(run.utterances.values()), measured, task_of(run)))
    return {name: found[name] for name in ("measured", "all", "classes", "parts", "giveaways")}
