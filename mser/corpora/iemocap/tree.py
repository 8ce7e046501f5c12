"""Reads the tree of ``IEMOCAP_full_release`` and says what is wrong with it.

The three sides of a turn must meet::

    Session1..Session5/dialog/EmoEvaluation/Ses*.txt          labels and ratings (its sub-folders hold other things)
    Session1..Session5/dialog/transcriptions/Ses*.txt         what was said
    Session1..Session5/sentences/wav/<dialogue>/<turn>.wav
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from mser.audio.silence import check_audible
from mser.audio.wav import BadAudioError, WavHeader, unusual_formats
from mser.corpora.iemocap.text import Line, Turn, read_evaluation, read_transcription
from mser.errors import UserError
from mser.manifest import Manifest, Problem, Utterance

SESSIONS = tuple(f"Session{number}" for number in range(1, 6))
LABELS = ("ang", "hap", "exc", "sad", "neu", "fru", "sur", "fea", "dis", "oth", "xxx")
_EVALUATION, _TRANSCRIPTION, _AUDIO = "dialog/EmoEvaluation", "dialog/transcriptions", "sentences/wav"
_TOLERANCE = 0.1  # seconds that the times of a turn may differ between its label, its transcript and its audio

Row = TypeVar("Row", Turn, Line)


def read(root: Path) -> Manifest:
    """Return the labelled turns whose audio can be used, and everything that is wrong with the tree.

    Every turn carries its published label, ``xxx`` where the raters found no majority. An utterance's group is its
    dialogue, and its scores are the observers' means of valence, activation and dominance, 1 to 5.

    Raises:
        UserError: if `root` holds no session.
    """
    root = root.absolute()
    problems = list(_missing_parts(root))
    turns, wrong = _turns(root)
    transcripts, garbled = _lines(root)
    lines, repeated = _unique("transcribed", transcripts)
    headers, unusable = _headers(root, turns.values())
    wavs = {path.stem: path for path in root.glob(f"Session[1-5]/{_AUDIO}/Ses*/Ses*.wav")}
    problems += [
        *wrong,
        *garbled,
        *repeated,
        *unusable,
        *_unmatched(turns, lines, wavs),
        *_mistimed(turns, lines, headers),
    ]
    problems += [*_unknown_labels(turns.values()), *unusual_formats(headers)]
    utterances = (
        _utterance(turn, lines.get(turn.id), headers[turn.id]) for turn in turns.values() if turn.id in headers
    )
    return Manifest("iemocap", root, tuple(sorted(utterances, key=lambda one: one.id)), tuple(problems))


def _missing_parts(root: Path) -> Iterator[Problem]:
    """Yield the sessions, and the parts of dialogues, of which other parts are there."""
    if not any((root / name / _EVALUATION).is_dir() for name in SESSIONS):
        raise UserError(_nothing_found(root))
    for session in SESSIONS:
        parts = {
            part: {path.stem for path in (root / session / part).glob(f"Ses*{suffix}")}
            for part, suffix in ((_EVALUATION, ".txt"), (_TRANSCRIPTION, ".txt"), (_AUDIO, ""))
        }
        for part, dialogues in parts.items():
            if not dialogues:
                yield Problem("missing", f"{session}/{part} is missing or empty; unpack the release again")
            else:
                absent = sorted(set().union(*parts.values()) - dialogues)
                yield from (Problem("missing", f"{session}/{part} has nothing of dialogue {name}") for name in absent)


def _nothing_found(root: Path) -> str:
    if not root.is_dir():
        return f"{root} is no folder; give the folder that IEMOCAP_full_release was unpacked into"
    near = [child for child in sorted(root.iterdir()) if (child / SESSIONS[0] / _EVALUATION).is_dir()]
    hint = f"; did you mean {near[0]}?" if near else "; give the folder that IEMOCAP_full_release was unpacked into"
    return f"no IEMOCAP in {root}: looked for Session1..Session5/{_EVALUATION} and found none{hint}"


def _turns(root: Path) -> tuple[dict[str, Turn], list[Problem]]:
    turns: list[Turn] = []
    problems: list[Problem] = []
    for path in sorted(root.glob(f"Session[1-5]/{_EVALUATION}/Ses*.txt")):
        evaluated, wrong = read_evaluation(path)
        turns += evaluated
        problems += wrong
    unique, repeated = _unique("labelled", turns)
    return unique, [*problems, *repeated]


def _lines(root: Path) -> tuple[list[Line], list[Problem]]:
    lines: list[Line] = []
    problems: list[Problem] = []
    for path in sorted(root.glob(f"Session[1-5]/{_TRANSCRIPTION}/Ses*.txt")):
        transcripts, wrong = read_transcription(path)
        lines += transcripts
        problems += wrong
    return lines, problems


def _unique(what: str, rows: Iterable[Row]) -> tuple[dict[str, Row], list[Problem]]:
    """Return the first row of each identifier, and a problem for each further one."""
    first: dict[str, Row] = {}
    problems = []
    for row in rows:
        if first.setdefault(row.id, row) is not row:
            problems.append(Problem("duplicate", f"{row.id} is {what} more than once; the first counts", row.id))
    return first, problems


def _headers(root: Path, turns: Iterable[Turn]) -> tuple[dict[str, WavHeader], list[Problem]]:
    headers, problems = {}, []
    for turn in turns:
        audio = _audio(turn.id)
        try:
            headers[turn.id] = check_audible(f"{root}/{audio}")
        except BadAudioError as error:
            message = f"{audio} {error}; the turn is left out, restore the file"
            problems.append(Problem(error.kind, message, turn.id))
    return headers, problems


def _audio(name: str) -> str:
    return f"Session{name[4]}/{_AUDIO}/{name.rsplit('_', 1)[0]}/{name}.wav"


def _unmatched(turns: Mapping[str, Turn], lines: Mapping[str, Line], wavs: Mapping[str, Path]) -> Iterator[Problem]:
    """Yield turns without a transcript, and transcripts and audio that belong to no turn."""
    for name in sorted(turns.keys() - lines.keys()):
        yield Problem("transcript", f"{name} is labelled but has no transcript; its transcript is taken as empty", name)
    unlabelled = {name for name in (lines.keys() | wavs.keys()) - turns.keys() if not _is_unlabelled_by_name(name)}
    for name in sorted(unlabelled):
        has = " and ".join(what for what, names in (("a transcript", lines), ("audio", wavs)) if name in names)
        lacks = "label" if name in wavs else "audio and no label"
        yield Problem(
            "unlabelled" if name in wavs else "missing", f"{name} has {has} but no {lacks}; it is left out", name
        )


def _is_unlabelled_by_name(name: str) -> bool:
    """Whether the release gave the turn no label: speech that overlaps another's, such as Ses01F_impro01_FXX0."""
    return "XX" in name.rsplit("_", 1)[-1]


def _mistimed(
    turns: Mapping[str, Turn], lines: Mapping[str, Line], headers: Mapping[str, WavHeader]
) -> Iterator[Problem]:
    """Yield the turns whose label, transcript and audio disagree about when they begin and end."""
    for name, turn in turns.items():
        length = turn.end - turn.start
        if length <= 0:
            yield Problem("time", f"{name} ends at {turn.end:.2f} s, before it starts at {turn.start:.2f} s", name)
        elif name in headers and abs(headers[name].duration - length) > _TOLERANCE:
            message = f"{name} lasts {length:.2f} s by its label but {headers[name].duration:.2f} s by its audio"
            yield Problem("time", f"{message}; restore the file", name)
        line = lines.get(name)
        if line and max(abs(line.start - turn.start), abs(line.end - turn.end)) > _TOLERANCE:
            message = (
                f"is labelled at {turn.start:.2f}-{turn.end:.2f} s and transcribed at {line.start:.2f}-{line.end:.2f} s"
            )
            yield Problem("time", f"{name} {message}", name)


def _unknown_labels(turns: Iterable[Turn]) -> list[Problem]:
    expected = f"is none of {', '.join(LABELS)}; no label set keeps it"
    return [
        Problem("label", f"{turn.id} is labelled {turn.label!r}, which {expected}", turn.id)
        for turn in turns
        if turn.label not in LABELS
    ]


def _utterance(turn: Turn, line: Line | None, header: WavHeader) -> Utterance:
    return Utterance(
        id=turn.id,
        audio=_audio(turn.id),
        duration=header.duration,
        transcript=line.text if line else "",
        speaker=turn.name.speaker,
        group=turn.name.dialogue,
        session=turn.name.session,
        style=turn.name.style,
        gender=turn.name.gender,
        label=turn.label,
        scores=turn.scores,
        ratings=turn.ratings,
    )
