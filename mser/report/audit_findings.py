"""What an audit means in plain words: what is sound, what to bear in mind, and what makes a score too high."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mser.scoring.measures import shown
from mser.splits.audit import NOTHING_COMPARED, UNHEARD
from mser.splits.audit_result import PAIRS, Audit, Shared, Transcripts

_WORDS = {"train": "train", "val": "validation", "test": "test"}
_PAIRS = {prefix: (_WORDS[left], _WORDS[right]) for prefix, (left, right) in PAIRS.items()}
_HEARD = "recording"


@dataclass(frozen=True)
class Finding:
    """One line of an audit, or a doubt."""

    level: Literal["leak", "note", "sound"]
    text: str


def findings(facts: Mapping[str, Any], *, reads: bool = True) -> list[Finding]:
    """Return what an audit means, leaks first; one of before some of this was looked for says what it knows.

    Args:
        facts: an audit as ``protocol.json`` has it.
        reads: whether a model that was tested on it has a text encoder: only then do the transcripts matter.

    Example:
        >>> shared = {"speaker_overlap": 0, "group_overlap": 0, "audio_overlap": 0, "recording_copies": 0}
        >>> print(findings(shared)[-1].text)
        Train and test share no equal or re-encoded recording, no equal name (speaker, dialogue).
    """
    audit = Audit.of_facts(facts)
    lines = [line for prefix, parts in _PAIRS.items() for line in _shared(*parts, audit.between[prefix])]
    lines += [*_wordless(audit.transcripts), *_near_duplicates(audit.transcripts)] if reads else []
    lines += _recording_notes(audit)
    lines += _unknown(audit.unknown_speakers, audit.between[""].speaker_overlap)
    order = ["leak", "note", "sound"]
    return sorted(lines, key=lambda line: order.index(line.level))


def _shared(left: str, right: str, shared: Shared) -> list[Finding]:
    """Return what two parts share: a line for each thing that they do, one for all things that they do not."""
    counts = {"speaker": shared.speaker_overlap, "dialogue": shared.group_overlap, _HEARD: shared.audio_overlap}
    copies = shared.recording_copies  # None in runs of before anybody listened
    lines = [_overlap(left, right, thing, count) for thing, count in counts.items() if count and thing != _HEARD]
    if copies:
        pairs = f" of equal or re-encoded recordings{_such_as(shared.copies)}"
        lines.append(_overlap(left, right, "pair", copies, pairs))
    elif same := counts[_HEARD]:
        lines.append(_overlap(left, right, _HEARD, same))
    if clean := _clean(counts, copies):
        lines.append(Finding("sound", f"{left.capitalize()} and {right} share {clean}."))
    if unknown := [thing for thing, count in counts.items() if count is None]:
        either = " or ".join(filter(None, [", ".join(unknown[:-1]), unknown[-1]]))
        lines.append(Finding("note", f"It was not checked whether {left} and {right} share any {either}."))
    return lines


def _clean(counts: Mapping[str, int | None], copies: int | None) -> str:
    """Return what two parts do not share, by what was compared: the sound of recordings, or their bytes; names."""
    recordings = "no equal file" if copies is None else "no equal or re-encoded recording"
    names = ", ".join(thing for thing, count in counts.items() if count == 0 and thing != _HEARD)
    clean = [recordings] if not copies and counts[_HEARD] == 0 else []
    return ", ".join([*clean, f"no equal name ({names})"] if names else clean)


def _overlap(left: str, right: str, thing: str, count: int, more: str = "") -> Finding:
    number = f"{count} {thing}{'s' if count > 1 else ''}"
    shared = f"{left.capitalize()} and {right} share {number} (summed over folds){more}"
    if (left, thing) == ("validation", "dialogue"):
        return Finding("note", f"{shared}: other speakers of the same conversations chose the best epoch.")
    if right == "test":
        return Finding("leak", f"{shared}: the scores are too high to be compared with speaker-independent ones.")
    return Finding("note", f"{shared}: the best epoch is chosen on familiar voices; the test is not touched by it.")


def _unknown(number: int, overlap: int | None) -> list[Finding]:
    if not number or overlap is None:
        return []
    utterances = "an utterance" if number == 1 else f"{number} utterances"
    return [Finding("note", f"Nobody says who speaks in {utterances}: these may be speakers of several parts.")]


def _recording_notes(audit: Audit) -> list[Finding]:
    """Return what an audit mentions of recordings and names, though it does not make a score too high for sure."""
    notes = [
        f"{left.capitalize()} and {right} have other segments of {files} same files: one may hear what another was "
        "trained on."
        for prefix, (left, right) in _PAIRS.items()
        if (files := audit.between[prefix].split_files)
    ]
    if within := audit.copies_within_parts:
        pairs = "A pair of recordings is a copy" if within == 1 else f"{within} pairs of recordings are copies"
        notes.append(f"{pairs} within a part{_such_as(audit.copies_within)}: they count twice.")
    if unheard := audit.uncompared_recordings:
        notes.append(f"Of {unheard} recordings only equal files are found: {UNHEARD}.")
    notes += [f"Probably one speaker: {', '.join(names)}." for names in audit.alike_speakers]
    return [Finding("note", text) for text in notes]


def _such_as(pairs: Sequence[str]) -> str:
    """Return the first of some pairs, to follow what they are."""
    return f" such as {pairs[0]}" if pairs else ""


def _wordless(transcripts: Transcripts) -> list[Finding]:
    empty, tested = transcripts.empty_transcripts, transcripts.tested_transcripts
    if not empty or not tested:
        return []
    share = f"{empty} of {tested} tested utterances ({shown('wa', empty / tested)}%)"
    return [Finding("note", f"{share} have no transcript: there the text encoder read nothing.")]


def _near_duplicates(transcripts: Transcripts) -> list[Finding]:
    share, compared = transcripts.near_duplicate_transcripts, transcripts.compared_transcripts
    if compared == 0:
        return [Finding("note", f"No tested transcript was compared with those of train: {NOTHING_COMPARED}.")]
    if share is None:
        return [Finding("note", "It was not checked whether tested transcripts have near copies in train.")]
    if not share and compared is None:
        text = "No tested transcript has a near copy in train. How many could be compared was not counted."
        return [Finding("sound", text)]
    if not share:
        return [Finding("sound", f"Of {compared} tested transcripts that were compared none has a near copy in train.")]
    styles = transcripts.near_duplicate_transcripts_by_style or {}
    detail = ", ".join(f"{shown('wa', part)}% of the {style}" for style, part in styles.items())
    which = "tested transcripts of four words or more" if compared is None else f"{compared} compared transcripts"
    text = f"{shown('wa', share)}% of the {which} have a near copy in train"
    hint = "there the words can be recognised rather than understood, so read scores from text with that in mind."
    return [Finding("note", f"{text}{f' ({detail})' if detail else ''}: {hint}")]
