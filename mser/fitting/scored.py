"""What `mser validate` and `mser test` print: each score beside what a constant answer reaches."""

from __future__ import annotations

from math import isnan
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mser.labels import Task
from mser.report.terminal import new_table
from mser.runs.csv_cells import Question, arrays
from mser.runs.fold_predictions import Predictions
from mser.runs.folder import PREDICTIONS
from mser.scoring.measures import measure, shown
from mser.scoring.scorers import judge


def show(rows: list[dict[str, str]], task: Task, *, exclusive: bool, part: str) -> None:
    """Print the scores of one part of one fold with their floors, and where to learn how sure they are.

    Args:
        rows: of the part, as in `PREDICTIONS`.
        task: what was asked.
        exclusive: whether the probabilities of an utterance sum to 1.
        part: ``val`` or ``test``.
    """
    question = Question(task.kind, task.labels, exclusive=exclusive)
    ids, speakers, groups = (tuple(str(row[name]) for row in rows) for name in ("utterance", "speaker", "group"))
    predictions = Predictions(ids, speakers, groups, *arrays(Path(PREDICTIONS), rows, question))
    judged = judge(question, task.name)
    scores, floors = judged.scorer.score(predictions), judged.scorer.floor(predictions)
    table = new_table("score", part, "floor")
    for name in dict.fromkeys([*judged.listed, *(name for name in scores if name.startswith("recall_"))]):
        unit = f" {measure(name).unit}".rstrip()
        cells = [of.get(name, float("nan")) for of in (scores, floors)]
        table.add_row(
            f"{measure(name).title}{unit}", *(shown(name, None if isnan(value) else value) for value in cells)
        )
    console, number = Console(highlight=False), len(set(speakers) - {""})
    console.print(table)
    console.print(
        Text(
            f"{len(rows)} utterances of {number or 'unknown'} speakers; the floor is {judged.constant}. How sure "
            "scores are is told by `mser crossval` and `mser report`."
        )
    )
