"""How the recordings and transcripts were that the folds of a run were trained on, from what the run keeps of them."""

from __future__ import annotations

from mser import corpora
from mser.everyday.recording_aspects import aspects
from mser.everyday.training_recordings import TrainingRecordings, training_recordings
from mser.everyday.training_transcripts import TYPED, TrainingTranscripts, training_transcripts
from mser.labels import UNKNOWN, LabelSet
from mser.report.shortcuts.floors import task_of
from mser.runs.cues import read_cues
from mser.runs.run import Run


def recordings_of(run: Run) -> TrainingRecordings | None:
    """Return how the recordings of a run's training parts were; None for a run that does not know.

    Args:
        run: of it only the jobs whose models are meant.
    """
    measured, task = read_cues(run.folder), task_of(run)
    trained = sorted({name for job in run.jobs for name in job.fold.train} & measured.keys() & run.utterances.keys())
    utterances = [run.utterances[name] for name in trained]
    classes = [""] * len(utterances)
    if isinstance(task, LabelSet):
        places = [task.target(one) for one in utterances]
        classes = ["" if place == UNKNOWN else task.labels[place] for place in places]
    return training_recordings(
        [aspects(measured[name]) for name in trained], [one.speaker for one in utterances], classes
    )


def transcripts_of(run: Run) -> TrainingTranscripts | None:
    """Return how the transcripts of a run's training parts were; None where there are too few.

    Args:
        run: of it only the jobs whose models are meant.
    """
    trained = sorted({name for job in run.jobs for name in job.fold.train} & run.utterances.keys())
    utterances = [run.utterances[name] for name in trained]
    corpus = corpora.CORPORA.get(run.plan.corpus)
    by_people = TYPED if corpus and corpus.typed else ""
    return training_transcripts(
        [one.transcript for one in utterances], [one.heard_by or by_people for one in utterances]
    )
