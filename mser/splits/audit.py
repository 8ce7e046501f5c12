"""What the parts of a split share that they should not. Knows no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.audit_result import PAIRS, Audit, Shared, Transcripts
from mser.splits.protocols import Fold, Protocol
from mser.splits.same_recordings import Recordings
from mser.splits.speaker_names import alike
from mser.splits.transcripts import NearCopies, is_wordless

NOTHING_COMPARED = "none has four words (eight characters where words are not separated)"
UNHEARD = "too short, too quiet or too steady to be compared by ear"
_LEAKS = {
    "speaker_overlap": "speaker",
    "group_overlap": "group",
    "audio_overlap": "recording",
    "recording_copies": "re-encoded recording",
}
"""What two parts may share that makes a score too high, and what it is called."""
_MIXED = ("speaker_overlap", "group_overlap")
_MEANT = "; if it is meant, give the folds as lists (data.init_args.fold_lists)"
_SHOWN = 3  # pairs that an error names
_COUNTED = 100_000  # pairs of copies that are looked at one by one: ten thousand rows of one file would make millions
_NAMED = 10  # pairs that are named of each kind; a corpus that is copied whole would fill the page


def audit(utterances: Iterable[Utterance], folds: Sequence[Fold], root: Path) -> Audit:
    """Return how much the parts of the folds share, each number summed over the folds.

    Args:
        utterances: at least those of the folds.
        folds: a protocol's.
        root: the folder that the audio paths are relative to; the recordings are listened to, once for a corpus.

    Raises:
        UserError: if an audio file cannot be read.
    """
    by_id = {utterance.id: utterance for utterance in utterances}
    recordings = Recordings.of(by_id.values(), root)
    within = list(_within_parts(folds, recordings))
    return Audit(
        {prefix: _shared_by(parts, by_id, folds, recordings) for prefix, parts in PAIRS.items()},
        unknown_speakers=sum(not utterance.speaker for utterance in by_id.values()),
        copies_within_parts=len(within),
        copies_within=[recordings.in_words(*pair) for pair in within[:_NAMED]],
        uncompared_recordings=len(recordings.unheard),
        alike_speakers=alike(utterance.speaker for utterance in by_id.values()),
        transcripts=_transcripts(by_id, folds),
    )


def _shared_by(
    parts: tuple[str, str], by_id: Mapping[str, Utterance], folds: Sequence[Fold], recordings: Recordings
) -> Shared:
    ids = [(getattr(fold, parts[0]), getattr(fold, parts[1])) for fold in folds]
    sides = [([by_id[name] for name in left], [by_id[name] for name in right]) for left, right in ids]
    speakers = sum(_shared(*both, lambda utterance: utterance.speaker) for both in sides)
    return Shared(
        speaker_overlap=speakers if any(utterance.speaker for utterance in by_id.values()) else None,
        group_overlap=sum(_shared(*both, lambda utterance: utterance.group) for both in sides),
        audio_overlap=sum(recordings.same_file(*both) for both in ids),
        recording_copies=sum(recordings.shared(*both) for both in ids),
        split_files=sum(recordings.split_files(*both) for both in ids),
        copies=_copies(ids, recordings),
    )


def _copies(ids: Iterable[tuple[Sequence[str], Sequence[str]]], recordings: Recordings) -> list[str]:
    """Return the first pairs of copies between two parts, each once, though several folds may share it."""
    pairs = (pair for left, right in ids for pair in recordings.pairs(left, right))
    return [recordings.in_words(*pair) for pair in islice(dict.fromkeys(islice(pairs, 10 * _NAMED)), _NAMED)]


def _within_parts(folds: Sequence[Fold], recordings: Recordings) -> Iterable[tuple[str, str]]:
    """Yield the pairs of copies that are in one part of some fold."""
    parts = [{name: part for part in ("train", "val", "test") for name in getattr(fold, part)} for fold in folds]
    for first, second in islice(recordings.copies(), _COUNTED):
        if any(first in part_of and part_of[first] == part_of.get(second) for part_of in parts):
            yield first, second


def overlaps(protocol: Protocol, result: Audit) -> list[str]:
    """Return the names of the audit's overlaps that the protocol does not declare.

    What val shares with train must be among `Protocol.shares`; what train or val share with test, among
    `Protocol.shares_with_test`. Val and test may be parts of one group, as the two speakers of a dialogue are.
    """
    return [prefix + name for prefix, name in _undeclared(protocol, result)]


def require_sound(protocol: Protocol, result: Audit) -> None:
    """Accept an audit whose overlaps are all declared by the protocol.

    Raises:
        UserError: otherwise; it says which part shares what with which.
    """
    for prefix, name in _undeclared(protocol, result):
        left, right = PAIRS[prefix]
        number = getattr(result.between[prefix], name)
        raise UserError(
            f"{protocol.name}: {left} and {right} share {number} {_LEAKS[name]}(s) summed over the folds, expected none"
            f"{named(result, [prefix + name])}; "
            f"look for wrong speakers, groups or copied files with `mser data folds`{_MEANT if name in _MIXED else ''}"
        )


def _undeclared(protocol: Protocol, result: Audit) -> Iterator[tuple[str, str]]:
    """Yield the prefix of two parts and the name of what they share though the protocol does not declare it."""
    declared = {"": protocol.shares_with_test, "val_": protocol.shares, "val_test_": protocol.shares_with_test}
    for prefix, shared in result.between.items():
        allowed = {f"{what}_overlap" for what in declared[prefix]}
        allowed |= {"recording_copies"} if {"audio", "copies"} & declared[prefix] else set()
        allowed |= {"group_overlap"} if prefix == "val_test_" else set()
        yield from ((prefix, name) for name in _LEAKS if getattr(shared, name) and name not in allowed)


def named(result: Audit, names: Sequence[str]) -> str:
    """Return in brackets the first pairs of copies that an audit has found, nothing where there are none.

    Args:
        result: of `audit`.
        names: of overlaps; those that are not about recordings add nothing.
    """
    pairs: dict[str, None] = {}
    for prefix, shared in result.between.items():
        if {f"{prefix}audio_overlap", f"{prefix}recording_copies"} & set(names):
            pairs |= dict.fromkeys(shared.copies)
    shown_pairs = list(pairs)[:_SHOWN]
    return f" ({'; '.join(shown_pairs)}{'; ...' if len(pairs) > _SHOWN else ''})" if shown_pairs else ""


def _shared(left: Iterable[Utterance], right: Iterable[Utterance], key: Callable[[Utterance], str]) -> int:
    return len(({key(utterance) for utterance in left} & {key(utterance) for utterance in right}) - {""})


def _transcripts(by_id: Mapping[str, Utterance], folds: Sequence[Fold]) -> Transcripts:
    copies = NearCopies(by_id.values())
    pairs = [(copies.compared(fold.test), fold.train) for fold in folds if copies.compared(fold.train)]
    compared = Counter(by_id[name].style for tested, _ in pairs for name in tested)
    copied = Counter(by_id[name].style for tested, train in pairs for name in copies.found(tested, among=train))
    tested = [by_id[name] for fold in folds for name in fold.test]
    return Transcripts(
        tested_transcripts=len(tested),
        empty_transcripts=sum(is_wordless(utterance.transcript) for utterance in tested),
        near_duplicate_transcripts=copied.total() / compared.total() if compared.total() else None,
        near_duplicate_transcripts_by_style={
            style: copied[style] / compared[style] for style in sorted(compared) if style
        },
        compared_transcripts=compared.total(),
    )
