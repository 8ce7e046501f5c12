"""A data folder of Kaldi or ESPnet as the rows of a table. Nothing that it holds is run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mser.corpora.text_files import lines_of, number, read_text, short
from mser.errors import UserError

_RECORDINGS = "wav.scp"
_LABELS = ("utt2emo", "utt2label")
_ARCHIVE = re.compile(r"\.ark(:\d+)?$")
Lines = dict[str, tuple[int, str]]
"""Id to the number of its line and the rest of that line."""


def is_kaldi(path: Path) -> bool:
    """Return whether it is a data folder: one with a ``wav.scp``."""
    return (path / _RECORDINGS).is_file()


def kaldi_rows(folder: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield a row for each line of ``segments``, or else of ``wav.scp``, with the number of the line.

    Columns are ``audio``, ``start`` and ``end`` (of ``segments``), ``transcript`` (of ``text``), ``label`` (of
    ``utt2emo`` or ``utt2label``) and ``speaker`` (of ``utt2spk``), where these files are there. Audio is relative to
    the folder that holds `folder`, as that of a table is; what `folder` says is relative to it or to a folder above
    it, as to that of the recipe.

    Raises:
        UserError: if a file cannot be read, an id is there twice or in one file alone, or a recording is a command.
    """
    recordings = _audio(folder)
    has_segments = (folder / "segments").is_file()
    spans = (
        _segments(folder, recordings)
        if has_segments
        else {utterance_id: (at, utterance_id) for utterance_id, (at, _) in recordings.items()}
    )
    columns = _columns(folder, spans)
    for utterance, (at, span) in spans.items():
        recording, *times = span.split() if has_segments else [span]
        row = {"audio": recordings[recording][1], **dict(zip(("start", "end"), times, strict=False))}
        if number(row.get("end", "")) == -1:  # to the end of the recording
            row["end"] = ""
        yield at, row | {role: lines.get(utterance, (0, ""))[1] for role, lines in columns.items()}


def _columns(folder: Path, spans: Mapping[str, object]) -> dict[str, Lines]:
    labels = [name for name in _LABELS if (folder / name).is_file()]
    if len(labels) > 1:
        raise UserError(f"{folder} has both {' and '.join(labels)}; keep the one with the labels that are meant")
    names = {"transcript": "text", "label": labels[0] if labels else "", "speaker": "utt2spk"}
    columns = {role: _lines(folder / name) for role, name in names.items() if name and (folder / name).is_file()}
    for role, lines in columns.items():
        if unknown := next((utterance_id for utterance_id in lines if utterance_id not in spans), None):
            where = "segments" if (folder / "segments").is_file() else _RECORDINGS
            raise UserError(
                f"{folder / names[role]}:{lines[unknown][0]} is about {short(unknown)}, which {where} does not have; "
                "keep the same utterances in all files"
            )
    return columns


def _segments(folder: Path, recordings: Lines) -> Lines:
    lines = _lines(path := folder / "segments")
    for at, rest in lines.values():
        recording, *times = rest.split() or [""]
        if len(times) != 2 or any(number(time) is None for time in times):
            raise UserError(f"{path}:{at} says {short(rest)} of its utterance; expected a recording, its start and end")
        if recording not in recordings:
            raise UserError(
                f"{path}:{at} is of recording {short(recording)}, which {_RECORDINGS} does not have; add it"
            )
    return lines


def _audio(folder: Path) -> Lines:
    """Return the recordings, relative to where `folder` lies."""
    lines = _lines(path := folder / _RECORDINGS)
    for at, wav in lines.values():
        if wav.startswith("|") or wav.endswith("|"):
            raise UserError(
                f"{path}:{at} is a shell command ({short(wav)}), and none is run; write its sound to a file, name that"
            )
        if not wav or wav == "-" or _ARCHIVE.search(wav):
            raise UserError(f"{path}:{at} names no audio file but {short(wav)}; write one and name that")
    root = root_of(folder.absolute(), [wav for _, wav in lines.values()])
    above = folder.parent.absolute()
    return {utterance_id: (at, os.path.relpath(root / wav, above)) for utterance_id, (at, wav) in lines.items()}


def root_of(folder: Path, paths: list[str]) -> Path:
    """Return what relative paths begin at: `folder`, or the nearest above it that has the first of the files."""
    relative = next((path for path in paths if not os.path.isabs(path)), None)
    if relative is None:
        return folder
    return next((parent for parent in (folder, *folder.parents) if (parent / relative).is_file()), folder)


def _lines(path: Path) -> Lines:
    text, wrong = read_text(path)
    if wrong:
        raise UserError(f"{path}: {wrong[0].message}")
    lines: Lines = {}
    for at, line in enumerate(lines_of(text), 1):
        if not line.strip():
            continue
        name, *rest = line.split(maxsplit=1)
        if name in lines:
            raise UserError(f"{path}:{at} is about {short(name)}, as line {lines[name][0]} is; keep one of them")
        lines[name] = at, rest[0].strip() if rest else ""
    return lines
