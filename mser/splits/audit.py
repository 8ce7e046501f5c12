"""What the parts of a split share that they should not. Knows no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.protocols import Fold, Protocol
from mser.splits.same_recordings import Recordings
from mser.splits.speaker_names import alike
from mser.splits.transcripts import NearCopies, is_wordless

PAIRS = {"": ("train", "test"), "val_": ("train", "val"), "val_test_": ("val", "test")}
"""How the names of findings begin, and the parts that they are about."""
WITHIN = "within"
NOTHING_COMPARED = "none has four words (eight characters where words are not separated)"
UNHEARD = "too short, too quiet or too steady to be compared by ear"
_LEAKS = ("_overlap", "recording_copies")
_SAID = {"audio_overlap": "recording", "recording_copies": "re-encoded recording"}
_SHOWN = 3  # pairs that an error names
_COUNTED = 100_000  # pairs of copies that are looked at one by one: ten thousand rows of one file would make millions
_NAMED = 10  # pairs that are named of each kind; a corpus that is copied whole would fill the page


def audit(utterances: Iterable[Utterance], folds: Sequence[Fold], root: Path) -> dict[str, Any]:
    """Return how much the parts of the folds share, each number summed over the folds.

    Args:
        utterances: at least those of the folds.
        folds: a protocol's.
        root: the folder that the audio paths are relative to; the recordings are listened to, once for a corpus.

    Returns:
        ``speaker_overlap``, ``group_overlap``: speakers, groups that are in train and in test; None where nobody's
        speaker is known.
        ``audio_overlap``: test utterances whose recording is also in train: the same bytes, or overlapping parts of
        one file.
        ``recording_copies``: pairs of a train and a test utterance that are one recording: those of ``audio_overlap``,
        and those that sound so (`mser.audio.copies`).
        ``split_files``: files of which other segments are in train than in test, in groups of their own.
        ``unknown_speakers``: utterances of whom nobody says who speaks; they count towards no overlap of speakers.
        ``val_*``: the same between train and val, ``val_test_*``: between val and test.
        ``copies_within_parts``: pairs of copies that are in one part of some fold.
        ``recording_copy_pairs``: the first pairs in words, by the name of what counts them.
        ``uncompared_recordings``: utterances that are too short, quiet or steady for their sound to be compared.
        ``alike_speakers``: speakers whose names differ only in case, blanks and ``_-.``.
        ``near_duplicate_transcripts``: the share, 0 to 1, of the compared transcripts that have a near copy in train
        (see `NearCopies`); None where none was compared. The same by style in ``near_duplicate_transcripts_by_style``.
        ``tested_transcripts``, ``empty_transcripts``, ``compared_transcripts``: how many utterances are tested, how
        many of them have no word, and how many were compared with some of train.

    Raises:
        UserError: if an audio file cannot be read.
    """
    known = {utterance.id: utterance for utterance in utterances}
    recordings = Recordings.of(known.values(), root)
    findings = _shared_by_parts(known, folds, recordings)
    findings["unknown_speakers"] = sum(not utterance.speaker for utterance in known.values())
    findings["copies_within_parts"] = len(within := list(_within_parts(folds, recordings)))
    findings["recording_copy_pairs"] = {
        **{f"{prefix}recording_copies": _between(folds, parts, recordings) for prefix, parts in PAIRS.items()},
        WITHIN: [recordings.in_words(*pair) for pair in within[:_NAMED]],
    }
    findings["uncompared_recordings"] = len(recordings.unheard)
    findings["alike_speakers"] = alike(utterance.speaker for utterance in known.values())
    return findings | _near_duplicates(known, folds)


def _shared_by_parts(known: Mapping[str, Utterance], folds: Sequence[Fold], recordings: Recordings) -> dict[str, Any]:
    speakers_known = any(utterance.speaker for utterance in known.values())
    findings: dict[str, Any] = {}
    for prefix, (left, right) in PAIRS.items():
        ids = [(getattr(fold, left), getattr(fold, right)) for fold in folds]
        sides = [([known[i] for i in a], [known[i] for i in b]) for a, b in ids]
        speakers = sum(_shared(a, b, lambda utterance: utterance.speaker) for a, b in sides)
        findings[f"{prefix}speaker_overlap"] = speakers if speakers_known else None
        findings[f"{prefix}group_overlap"] = sum(_shared(a, b, lambda utterance: utterance.group) for a, b in sides)
        findings[f"{prefix}audio_overlap"] = sum(recordings.same_file(a, b) for a, b in ids)
        findings[f"{prefix}recording_copies"] = sum(recordings.shared(a, b) for a, b in ids)
        findings[f"{prefix}split_files"] = sum(recordings.split_files(a, b) for a, b in ids)
    return findings


def _between(folds: Iterable[Fold], parts: tuple[str, str], recordings: Recordings) -> list[str]:
    """Return the first pairs of copies between two parts, each once, though several folds may share it."""
    pairs = (pair for fold in folds for pair in recordings.pairs(*(getattr(fold, part) for part in parts)))
    return [recordings.in_words(*pair) for pair in islice(dict.fromkeys(islice(pairs, 10 * _NAMED)), _NAMED)]


def _within_parts(folds: Sequence[Fold], recordings: Recordings) -> Iterable[tuple[str, str]]:
    """Yield the pairs of copies that are in one part of some fold."""
    parts = [{name: part for part in ("train", "val", "test") for name in getattr(fold, part)} for fold in folds]
    for first, second in islice(recordings.copies(), _COUNTED):
        if any(first in part_of and part_of[first] == part_of.get(second) for part_of in parts):
            yield first, second


def overlaps(protocol: Protocol, findings: Mapping[str, Any]) -> list[str]:
    """Return the names of the audit's overlaps that the protocol does not declare.

    What val shares with train must be among `Protocol.shares`; what train or val share with test, among
    `Protocol.shares_with_test`. Val and test may be parts of one group, as the two speakers of a dialogue are.
    """
    shared = {"val_": protocol.shares, "": protocol.shares_with_test, "val_test_": protocol.shares_with_test}
    allowed = {f"{prefix}{what}_overlap" for prefix, all_ in shared.items() for what in all_} | {
        "val_test_group_overlap"
    }
    allowed |= {f"{prefix}recording_copies" for prefix, all_ in shared.items() if {"audio", "copies"} & all_}
    return [name for name, number in findings.items() if name.endswith(_LEAKS) and number and name not in allowed]


def require_sound(protocol: Protocol, findings: Mapping[str, Any]) -> None:
    """Accept an audit whose overlaps are all declared by the protocol.

    Raises:
        UserError: otherwise; it says which part shares what with which.
    """
    for name in overlaps(protocol, findings):
        prefix = next(prefix for prefix in reversed(PAIRS) if name.startswith(prefix))
        left, right = PAIRS[prefix]
        what = _SAID.get(thing := name.removeprefix(prefix), thing.removesuffix("_overlap"))
        raise UserError(
            f"{protocol.name}: {left} and {right} share {findings[name]} {what}(s) summed over the folds, expected none"
            f"{named(findings, [name])}; "
            "look for wrong speakers, groups or copied files with `mser data folds`"
        )


def named(findings: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return in brackets the first pairs of copies that an audit has found, nothing where there are none.

    Args:
        findings: by `audit`.
        names: of overlaps; those that are not about recordings add nothing.
    """
    pairs: dict[str, int] = {}
    for name in names:
        key = name.replace("audio_overlap", "recording_copies")
        named_ = findings.get("recording_copy_pairs", {}).get(key, ())
        pairs |= dict.fromkeys(named_, 1)
    shown = list(pairs)[:_SHOWN]
    return f" ({'; '.join(shown)}{'; ...' if len(pairs) > _SHOWN else ''})" if shown else ""


def _shared(left: Iterable[Utterance], right: Iterable[Utterance], key: Callable[[Utterance], str]) -> int:
    return len(({key(utterance) for utterance in left} & {key(utterance) for utterance in right}) - {""})


def _near_duplicates(known: Mapping[str, Utterance], folds: Sequence[Fold]) -> dict[str, Any]:
    copies = NearCopies(known.values())
    pairs = [(copies.compared(fold.test), fold.train) for fold in folds if copies.compared(fold.train)]
    compared = Counter(known[name].style for tested, _ in pairs for name in tested)
    copied = Counter(known[name].style for tested, train in pairs for name in copies.found(tested, among=train))
    tested = [known[name] for fold in folds for name in fold.test]
    return {
        "tested_transcripts": len(tested),
        "empty_transcripts": sum(is_wordless(utterance.transcript) for utterance in tested),
        "near_duplicate_transcripts": copied.total() / compared.total() if compared.total() else None,
        "near_duplicate_transcripts_by_style": {
            style: copied[style] / compared[style] for style in sorted(compared) if style
        },
        "compared_transcripts": compared.total(),
    }
