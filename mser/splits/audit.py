"""What the parts of a split share that they should not. Knows no torch, and opens audio only to compare bytes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mser.errors import UserError
from mser.manifest import Utterance
from mser.splits.protocols import Fold, Protocol
from mser.splits.transcripts import NearCopies

_PAIRS = (("", "train", "test"), ("val_", "train", "val"), ("val_test_", "val", "test"))


def audit(utterances: Iterable[Utterance], folds: Sequence[Fold], root: Path) -> dict[str, Any]:
    """Return how much the parts of the folds share, each number summed over the folds.

    Args:
        utterances: at least those of the folds.
        folds: a protocol's.
        root: the folder that the audio paths are relative to; of files of the same size the bytes are compared.

    Returns:
        ``speaker_overlap``, ``group_overlap``: speakers, groups that are in train and in test; None where nobody's
        speaker is known.
        ``audio_overlap``: test utterances whose recording is also in train: the same bytes, or overlapping parts of
        one file.
        ``unknown_speakers``: utterances of whom nobody says who speaks; they count towards no overlap of speakers.
        ``val_*``: the same between train and val, ``val_test_*``: between val and test.
        ``near_duplicate_transcripts``: the share, 0 to 1, of the tested transcripts of at least four words that have a
        near copy in train (see `NearCopies`), and the same by style in ``near_duplicate_transcripts_by_style``.

    Raises:
        UserError: if an audio file cannot be read.
    """
    known = {one.id: one for one in utterances}
    recordings = _recordings(known.values(), root)
    told = any(one.speaker for one in known.values())
    found: dict[str, Any] = {}
    for prefix, left, right in _PAIRS:
        sides = [([known[i] for i in getattr(fold, left)], [known[i] for i in getattr(fold, right)]) for fold in folds]
        speakers = sum(_shared(a, b, lambda one: one.speaker) for a, b in sides)
        found[f"{prefix}speaker_overlap"] = speakers if told else None
        found[f"{prefix}group_overlap"] = sum(_shared(a, b, lambda one: one.group) for a, b in sides)
        found[f"{prefix}audio_overlap"] = sum(_same_audio(a, b, recordings) for a, b in sides)
    found["unknown_speakers"] = sum(not one.speaker for one in known.values())
    return found | _near_duplicates(known, folds)


def overlaps(protocol: Protocol, found: Mapping[str, Any]) -> list[str]:
    """Return the names of the audit's overlaps that the protocol does not declare.

    What val shares with train must be among `Protocol.shares`; what train or val share with test, among
    `Protocol.shares_with_test`. Val and test may be parts of one group, as the two speakers of a dialogue are.
    """
    allowed = {f"val_{what}_overlap" for what in protocol.shares} | {"val_test_group_overlap"}
    allowed |= {f"{pair}{what}_overlap" for pair in ("", "val_test_") for what in protocol.shares_with_test}
    return [name for name, number in found.items() if name.endswith("_overlap") and number and name not in allowed]


def require_sound(protocol: Protocol, found: Mapping[str, Any]) -> None:
    """Accept an audit whose overlaps are all declared by the protocol.

    Raises:
        UserError: otherwise; it says which part shares what with which.
    """
    for name in overlaps(protocol, found):
        prefix, left, right = next(pair for pair in reversed(_PAIRS) if name.startswith(pair[0]))
        what = name.removeprefix(prefix).removesuffix("_overlap")
        raise UserError(
            f"{protocol.name}: {left} and {right} share {found[name]} {what}(s) summed over the folds, expected none; "
            "look for wrong speakers, groups or copied files with `mser data folds`"
        )


def _shared(left: Iterable[Utterance], right: Iterable[Utterance], key: Callable[[Utterance], str]) -> int:
    return len(({key(one) for one in left} & {key(one) for one in right}) - {""})


def _near_duplicates(known: Mapping[str, Utterance], folds: Sequence[Fold]) -> dict[str, Any]:
    copies = NearCopies(known.values())
    compared = [known[name] for fold in folds for name in copies.compared(fold.test)]
    copied = [known[name] for fold in folds for name in copies.found(fold.test, among=fold.train)]
    styles = sorted({one.style for one in compared} - {""})
    return {
        "near_duplicate_transcripts": _share(len(copied), len(compared)),
        "near_duplicate_transcripts_by_style": {
            style: _share(sum(one.style == style for one in copied), sum(one.style == style for one in compared))
            for style in styles
        },
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _recordings(utterances: Iterable[Utterance], root: Path) -> dict[str, str]:
    """Return for each audio path the path that stands for all files of the same bytes."""
    stands_for = {one.audio: one.audio for one in utterances}
    groups = [list(stands_for)]
    for key in (_size, _head, _digest):
        groups = [same for group in groups for same in _group(group, root, key) if len(same) > 1]
    for group in groups:
        stands_for.update(dict.fromkeys(group, group[0]))
    return stands_for


def _group(paths: Iterable[str], root: Path, key: Callable[[str], Hashable]) -> list[list[str]]:
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for path in paths:
        try:
            groups[key(f"{root}/{path}")].append(path)
        except OSError as error:
            raise UserError(f"cannot read {root}/{path}: {error.strerror}; see `mser data check`") from error
    return list(groups.values())


def _size(path: str) -> int:
    return Path(path).stat().st_size


def _head(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(4096)


def _digest(path: str) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _same_audio(left: Iterable[Utterance], right: Iterable[Utterance], recordings: Mapping[str, str]) -> int:
    """Return how many of `right` are heard in `left`."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in left:
        spans[recordings[one.audio]].append(_span(one))
    return sum(
        any(start < _span(one)[1] and _span(one)[0] < end for start, end in spans.get(recordings[one.audio], ()))
        for one in right
    )


def _span(one: Utterance) -> tuple[float, float]:
    return one.start, float("inf") if one.end is None else one.end
