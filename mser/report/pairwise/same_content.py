"""Whether runs that are compared were given the same labels, times and transcripts, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mser.manifest import Utterance
from mser.runs.run import Run
from mser.splits.content import content_digest, differing, ids

_ALL = "labels, times or transcripts"


def content_notes(runs: Sequence[Run]) -> list[str]:
    """Return what must not be passed over in silence: runs, or folds of one, that were not given the same.

    The manifests of two runs say of how many utterances what differs, and the digests of their protocols whether
    anything does; runs of before there was that digest are known by their manifests alone.
    """
    first, *others = runs
    own = [note for run in runs for note in _changed(run)]
    return own + [note for other in others for note in _compared(first, other)]


def _changed(run: Run) -> Iterator[str]:
    planned, utterances = run.plan.content, _utterances_of(run)
    if planned and utterances and content_digest(utterances.values(), run.plan.folds) != planned:
        yield f"{run.name} has another manifest.jsonl than it was planned with: {_ALL} differ."
    contents = {job.facts.get("content") for job in run.jobs} - {None, planned}
    other = [f"fold {job.fold.number} with seed {job.seed}" for job in run.jobs if job.facts.get("content") in contents]
    if other:
        named = ", ".join(other[:3]) + (f" and {len(other) - 3} others" if len(other) > 3 else "")
        yield f"{run.name} was planned anew, with other {_ALL}, after {named} ended; delete and run these again."


def _compared(first: Run, other: Run) -> Iterator[str]:
    both = f"{first.name} and {other.name}"
    digests, utterances = {first.plan.content, other.plan.content}, (_utterances_of(first), _utterances_of(other))
    if counts := differing(*utterances):
        what = " and ".join(f"the {kind} of {count} utterances" for kind, count in counts.items())
        yield f"{both} were not given the same: {what} differ, and the runs may differ because of that."
    elif None not in digests and len(digests) > 1:
        yield f"{both} were not given the same: {_ALL} differ, and the runs may differ because of that."
    elif None in digests and not all(utterances):
        yield f"Nobody knows whether {both} were given the same labels, times and transcripts."


def _utterances_of(run: Run) -> dict[str, Utterance]:
    """Return the utterances of a run's folds, as far as its manifest is there."""
    tested = ids(run.plan.folds)
    return {name: one for name, one in run.utterances.items() if name in tested}
