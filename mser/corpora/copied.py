"""What a corpus holds twice: recordings by their sound, and names of speakers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from mser.corpora.table import corpus as table
from mser.manifest import Manifest, Problem, Utterance
from mser.splits.audit import UNHEARD
from mser.splits.same_recordings import Recordings
from mser.splits.speaker_names import alike

_NAMED = 8
_LOOKED_AT = 100_000  # pairs; a recording that is in a corpus a thousand times makes more


def with_copies(manifest: Manifest) -> Manifest:
    """Return the manifest with what it holds twice among its notes.

    A recording of two speakers or labels is a problem in a table; in a published corpus it is as published.

    Raises:
        UserError: if an audio file cannot be read.
    """
    recordings = Recordings.of(manifest, manifest.root)
    wrong: list[tuple[str, str]] = []
    noted: list[tuple[str, str]] = []
    for pair in islice(recordings.copies(), _LOOKED_AT):
        judged = manifest.corpus == table.NAME and _differ(*(recordings.utterances[name] for name in pair))
        (wrong if judged else noted).append(pair)
    problems = [_problem(recordings, *pair) for pair in wrong]
    notes = (*manifest.notes, *_notes(recordings, noted))
    return replace(manifest, problems=(*manifest.problems, *problems), notes=notes)


def _differ(first: Utterance, second: Utterance) -> bool:
    return (first.speaker, first.label, first.labels, first.scores) != (
        second.speaker,
        second.label,
        second.labels,
        second.scores,
    )


def _problem(recordings: Recordings, first: str, second: str) -> Problem:
    labels = [recordings.utterances[name].label for name in (first, second)]
    other = f"; labels {labels[0]} and {labels[1]}" if labels[0] != labels[1] else ""
    message = (
        f"{recordings.in_words(first, second)}{other}: one recording under two names, which differ; keep the right one"
    )
    return Problem("copy", message, second)


def _notes(recordings: Recordings, copies: list[tuple[str, str]]) -> Iterator[str]:
    if copies:
        yield f"{len(copies)} {'pair' if len(copies) == 1 else 'pairs'} of utterances are copies of one recording:"
        yield from (f"  {recordings.in_words(*pair)}" for pair in copies[:_NAMED])
        if len(copies) > _NAMED:
            yield f"  and {len(copies) - _NAMED} more"
    if recordings.unheard:
        number = f"{len(recordings.unheard)} of {len(recordings.utterances)} utterances"
        yield f"{UNHEARD}: {number}; of these only equal files are found"
    for names in alike(utterance.speaker for utterance in recordings.utterances.values()):
        yield f"probably one speaker: {', '.join(names)}"
