"""What an audit of a split finds, and how ``protocol.json`` and ``mser data folds --json`` have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mser.files.json_fields import fit

PAIRS = {"": ("train", "test"), "val_": ("train", "val"), "val_test_": ("val", "test")}
"""How the names of what two parts share begin in JSON, and the parts that they are about."""
_WITHIN = "within"
_COUNTS = ("speaker_overlap", "group_overlap", "audio_overlap", "recording_copies", "split_files")


@dataclass(frozen=True)
class Shared:
    """What two parts share, each number summed over the folds; None is what was not looked for.

    Attributes:
        speaker_overlap: speakers that are in both; None too where nobody's speaker is known.
        group_overlap: groups that are in both.
        audio_overlap: utterances of the right part whose recording is also in the left: the same bytes, or overlapping
            parts of one file.
        recording_copies: pairs of an utterance of each that are one recording: those of `audio_overlap`, and those
            that sound so (`mser.audio.copies`).
        split_files: files of which other segments are in the left than in the right, in groups of their own.
        copies: the first pairs of `recording_copies` in words.
    """

    speaker_overlap: int | None = None
    group_overlap: int | None = None
    audio_overlap: int | None = None
    recording_copies: int | None = None
    split_files: int | None = None
    copies: Sequence[str] = ()


@dataclass(frozen=True)
class Transcripts:
    """What was read of a split; None is what was not looked for.

    Attributes:
        tested_transcripts: how many utterances are tested.
        empty_transcripts: how many of them have no word.
        near_duplicate_transcripts: the share, 0 to 1, of the compared ones that have a near copy in train
            (`mser.splits.transcripts.NearCopies`); None where none was compared.
        near_duplicate_transcripts_by_style: the same by style.
        compared_transcripts: how many were compared with some of train.
    """

    tested_transcripts: int | None = None
    empty_transcripts: int | None = None
    near_duplicate_transcripts: float | None = None
    near_duplicate_transcripts_by_style: Mapping[str, float] | None = None
    compared_transcripts: int | None = None


@dataclass(frozen=True)
class Audit:
    """What the parts of a split share that they should not.

    Attributes:
        between: of each two parts, by the keys of `PAIRS`.
        unknown_speakers: utterances of whom nobody says who speaks; they count towards no overlap of speakers.
        copies_within_parts: pairs of copies that are in one part of some fold.
        copies_within: the first of them in words.
        uncompared_recordings: utterances that are too short, quiet or steady for their sound to be compared.
        alike_speakers: speakers whose names differ only in case, blanks and ``_-.``.
        transcripts: what was read.
    """

    between: Mapping[str, Shared]
    unknown_speakers: int = 0
    copies_within_parts: int = 0
    copies_within: Sequence[str] = ()
    uncompared_recordings: int = 0
    alike_speakers: Sequence[Sequence[str]] = ()
    transcripts: Transcripts = Transcripts()

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it: the counts of two parts by their names, after the prefix of `PAIRS`.

        Example:
            >>> found = Audit({prefix: Shared(group_overlap=2) for prefix in PAIRS}).facts()
            >>> found["group_overlap"], found["val_test_group_overlap"], found["unknown_speakers"]
            (2, 2, 0)
        """
        counts = {prefix + name: getattr(self.between[prefix], name) for prefix in PAIRS for name in _COUNTS}
        copies = {f"{prefix}recording_copies": list(self.between[prefix].copies) for prefix in PAIRS}
        return {
            **counts,
            "unknown_speakers": self.unknown_speakers,
            "copies_within_parts": self.copies_within_parts,
            "recording_copy_pairs": {**copies, _WITHIN: list(self.copies_within)},
            "uncompared_recordings": self.uncompared_recordings,
            "alike_speakers": [list(names) for names in self.alike_speakers],
            **vars(self.transcripts),
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Audit:
        """Return the audit that JSON tells of, be it of before some of this was looked for.

        Raises:
            UserError: if something in it is none of an audit's.

        Example:
            >>> Audit.of_facts({"val_speaker_overlap": 3}).between["val_"].speaker_overlap
            3
        """
        pairs = facts.get("recording_copy_pairs") or {}
        between = {
            prefix: {name: facts.get(prefix + name) for name in _COUNTS}
            | {"copies": pairs.get(f"{prefix}recording_copies", ())}
            for prefix in PAIRS
        }
        nested = {"between": between, "transcripts": facts, "copies_within": pairs.get(_WITHIN, ())}
        return fit(cls, {**facts, **nested}, "the audit in protocol.json", "restore the file or run again")
