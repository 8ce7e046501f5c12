"""What a corpus or a fold of it lacks, said before anything is trained: recordings that cannot be used, classes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from mser.corpora.text_files import short
from mser.errors import UserError
from mser.labels import ScoreSet, Task
from mser.manifest import Manifest, Problem, Utterance
from mser.splits.transcripts import is_wordless
from mser.vote_counts import Votes

UNUSABLE = ("missing", "empty", "pointer", "truncated", "unreadable", "nan", "silent")
log = logging.getLogger(__name__)


def left_out(manifest: Manifest) -> tuple[Problem, ...]:
    """Return the problems because of which utterances are not in the manifest; the others are of those that are."""
    listed = {utterance.id for utterance in manifest}
    return tuple(
        problem
        for problem in manifest.problems
        if (problem.kind in UNUSABLE if problem.utterance is None else problem.utterance not in listed)
    )


def say_left_out(manifest: Manifest) -> None:
    """Say in one line how many utterances are left out and why, if any are."""
    own, shared = (
        Counter(p.kind for p in left_out(manifest) if (p.utterance is None) == here) for here in (False, True)
    )
    messages = [f"{own.total()} utterances ({_kinds(own)})"] if own else []
    messages += [f"all that is in {shared.total()} files ({_kinds(shared)})"] if shared else []
    if messages:
        log.warning("%s without %s; `mser data check` names them", manifest.corpus, " and ".join(messages))


def require_classes(task: Task, utterances: Iterable[Utterance], *, part: str, where: str) -> None:
    """Refuse a training part that lacks a class, since the model could never say it; of other parts say it.

    Args:
        task: whose classes; scores have none.
        utterances: of the part.
        part: ``train``, ``val`` or ``test``.
        where: whose part it is, such as ``iemocap/loso5, fold 1``.

    Raises:
        UserError: for such a training part.
    """
    counts = {} if isinstance(task, ScoreSet) else task.counts(utterances)
    absent = ", ".join(label for label, count in counts.items() if not count)
    if not absent:
        return
    if part == "train":
        raise UserError(
            f"{where}: the training part has no {absent}, so the model could never say it; choose other "
            "data.init_args.labels or another data.init_args.protocol"
        )
    log.warning("%s: the %s part has no %s: its scores say nothing of it", where, part, absent)


def require_transcripts(
    utterances: Sequence[Utterance], *, part: str, where: str, notes: Sequence[str] = (), tells: bool = True
) -> None:
    """Refuse a part in which a text encoder would find nothing to read; say how many have nothing.

    Args:
        utterances: of the part.
        part: ``train``, ``val``, ``test`` or ``predict``.
        where: whose part it is, such as ``iemocap/loso5, fold 1``.
        notes: the manifest's, which may name a column that was not used.
        tells: whether this process says what all of them know.

    Raises:
        UserError: if no transcript has a word.
    """
    empty = sum(is_wordless(utterance.transcript) for utterance in utterances)
    if empty == len(utterances):
        held = next((short(one.transcript) for one in utterances if one.transcript.strip()), "")
        hints = "".join(f" ({note})" for note in ([f"they hold such as {held}"] if held else []) + [*notes])
        raise UserError(
            f"{where}: none of the {empty} utterances of the {part} part has a transcript, so the text encoder has "
            f"nothing to read{hints}; give transcripts, or model.text: null"
        )
    if empty and tells:
        log.warning("%s: %s", where, wordless(empty, len(utterances), part))


def learns_votes(model: object) -> bool:
    """Whether the objective of a model learns from raters' votes."""
    return bool(getattr(getattr(model, "objective", None), "learns_votes", False))


def require_votes(votes: Votes | None, utterances: Sequence[Utterance], *, where: str, tells: bool = True) -> None:
    """Refuse a training part that nobody voted on, where votes are what is learnt; say how many have no vote.

    Args:
        votes: how they are counted; None where nobody's are known.
        utterances: of the training part.
        where: whose part it is, such as ``iemocap/loso5, fold 1``.
        tells: whether this process says what all of them know.

    Raises:
        UserError: if no utterance has a vote for any class.
    """
    without = sum(not votes or not any(votes.counts(utterance)) for utterance in utterances)
    if without == len(utterances):
        raise UserError(
            f"{where}: the objective learns from raters' votes, and none of the {without} utterances of the training "
            "part has a vote for a class; name a table's columns of them (columns: {votes: [...]} or {rater: [...]}), "
            "get the corpus's file of votes (`mser data check` names it), or take mser.objectives.CrossEntropy"
        )
    if without and tells:
        verb = "has" if without == 1 else "have"
        share = f"{without} of {len(utterances)} utterances of the train part"
        log.warning("%s: %s %s no vote for any class and teach their label", where, share, verb)


def require_recordings(utterances: Iterable[Utterance], *, where: str) -> None:
    """Refuse utterances of which there are words alone, where a speech encoder would find nothing to hear.

    Raises:
        UserError: for such utterances.
    """
    if words := sum(not utterance.audio for utterance in utterances):
        raise UserError(
            f"{where}: {words} utterances have no recording, so the speech encoder has nothing to hear; "
            "unpack the recordings (`mser data check` says where), or give model.speech: null"
        )


def wordless(empty: int, number: int, part: str) -> str:
    """Return in words how many transcripts of a part are empty.

    Example:
        >>> wordless(3, 60, "train")
        '3 of 60 utterances of the train part (5.0%) have no transcript; there the text encoder reads nothing'
    """
    verb = "has" if empty == 1 else "have"
    share = f"{empty} of {number} utterances of the {part} part ({empty / number:.1%})"
    return f"{share} {verb} no transcript; there the text encoder reads nothing"


def silent_words(utterances: Sequence[Utterance]) -> str:
    """Return a note where some or all transcripts are empty, for who would train a text encoder; else nothing."""
    empty = sum(is_wordless(utterance.transcript) for utterance in utterances)
    if empty and empty == len(utterances):
        return f"none of the {empty} utterances has a transcript: speech alone can be trained (model.text: null)"
    return f"{empty} of {len(utterances)} utterances have no transcript" if empty else ""


def _kinds(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
