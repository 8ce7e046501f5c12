"""What `mser validate` and `mser test` print: each score, how sure it is, and what a constant answer reaches."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from mser.labels import Task
from mser.report.figures import figures
from mser.report.printed import between
from mser.report.terminal import new_table
from mser.runs.csv_cells import Question, arrays
from mser.runs.fold_predictions import Predictions
from mser.runs.folder import PREDICTIONS
from mser.runs.run import Job, Plan, Run
from mser.scoring.clusters import clusters_of
from mser.scoring.measures import measure, shown
from mser.scoring.scorers import judge
from mser.splits.protocols import Fold


def show(rows: list[dict[str, str]], task: Task, *, exclusive: bool, part: str) -> None:
    """Print the scores of one part of one fold with their floors, and how sure they are of these weights.

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
    run = _of_one_fold(predictions, question, task.name)
    clusters = clusters_of(run)
    scores = figures(run, judged.scorer, clusters)
    table = new_table("score", part, "95 % interval", "floor")
    for name in dict.fromkeys([*judged.listed, *(name for name in scores if name.startswith("recall_"))]):
        unit, figure = f" {measure(name).unit}".rstrip(), scores[name]
        cells = shown(name, figure.mean), between(figure.interval, name), shown(name, figure.floor)
        table.add_row(f"{measure(name).title}{unit}", *cells)
    console, number = Console(highlight=False), len(set(speakers) - {""})
    console.print(table)
    console.print(
        Text(
            f"{len(rows)} utterances of {number or 'unknown'} speakers; the floor is {judged.constant}. The "
            f"interval is of these weights, over other {clusters.unit}s; `mser report` tells that of the "
            "method."
        )
    )


def _of_one_fold(predictions: Predictions, question: Question, name: str) -> Run:
    """Return the part as a run of one fold, of which nothing is known but its predictions."""
    fold = Fold(1, name, (), (), predictions.utterances)
    plan = Plan("", "", "", "", question.task, question.exclusive, name, question.labels, (fold,), {})
    job = Job(1, fold, predictions, None, {}, {})
    return Run(Path(), "", {}, {}, plan, "test", {}, None, (1,), (job,), ())
