"""Manifests of lhotse as the rows of a table: supervisions with their recordings, or cuts. Nothing they hold is run."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mser.corpora.table.kaldi import root_of
from mser.corpora.table.shards import split_of
from mser.corpora.text_files import short
from mser.errors import UserError, brief
from mser.files.json_fields import fit, loads

_CUTS, _SUPERVISIONS, _RECORDINGS = _NAMES = ("cuts", "supervisions", "recordings")
_SUFFIXES = (".jsonl", ".jsonl.gz")
_AGAIN = "write the manifest again"
_AS_AUDIO = "save its sound to a file of its own (Cut.save_audio) and name that"
Number = int | float


@dataclass
class _Source:
    type: str
    source: str = ""
    channels: list[int] = field(default_factory=list)


@dataclass
class _Recording:
    id: str
    sources: list[_Source]
    transforms: list[dict[str, Any]] | None = None


@dataclass
class _Supervision:
    id: str
    recording_id: str
    start: Number
    duration: Number
    channel: int | list[int] | None = None
    text: str | None = None
    language: str | None = None
    speaker: str | None = None
    gender: str | None = None
    custom: dict[str, Any] | None = None


@dataclass
class _Cut:
    id: str
    type: str
    start: Number = 0
    duration: Number = 0
    channel: int | list[int] | None = None
    supervisions: list[_Supervision] = field(default_factory=list)
    recording: _Recording | None = None
    custom: dict[str, Any] | None = None


def is_lhotse(path: Path) -> bool:
    """Return whether it is a manifest, by its first line, or a folder of them, by their names."""
    if path.is_dir():
        return bool(_in_folder(path))
    if not path.name.endswith(_SUFFIXES) or not path.is_file():
        return False
    with suppress(UserError):
        if _kind(next(_lines(path), (0, {}))[1]):
            return True
    return path.name.endswith(".gz")  # whatever is wrong with it, it is no table


def lhotse_rows(path: Path) -> Iterator[tuple[int | str, dict[str, Any]]]:
    """Yield a row for each supervision, and for each cut that has none, with the line of the manifest.

    Columns are ``audio``, ``start``, ``end``, ``transcript`` (its ``text``), ``speaker``, ``language``, ``gender``,
    what ``custom`` holds, and ``split`` where several manifests of a folder are called by their parts. Relative paths
    begin at the folder of the manifest, or at the nearest above it that has the file.

    Args:
        path: cuts, recordings, or supervisions whose recordings lie beside them; or a folder of these, in which cuts
            come first.

    Raises:
        UserError: if a manifest cannot be read, a recording is missing, or one is no file that can be read as it is:
            a command, which is never run, a URL, one channel of several, or one that is changed while it is loaded.
    """
    manifests = _in_folder(path) if path.is_dir() else [path]
    parts = [split_of(one.name) for one in manifests]
    if len(manifests) > 1 and not all(parts):
        raise UserError(f"{path} has {' and '.join(one.name for one in manifests[:3])}; name the one that is meant")
    for manifest, part in zip(manifests, parts, strict=True):
        for number, cells in _rows(manifest):
            several = len(manifests) > 1
            yield f"{number} of {manifest.name}" if several else number, cells | ({"split": part} if several else {})


def _in_folder(folder: Path) -> list[Path]:
    """Return the manifests of a folder that make rows: of cuts, or else of supervisions, or else of recordings."""
    paths = sorted(candidate for candidate in folder.iterdir() if candidate.name.endswith(_SUFFIXES))
    return next((some for name in _NAMES if (some := [candidate for candidate in paths if name in candidate.name])), [])


def _kind(row: Mapping[str, Any]) -> str:
    if str(row.get("type", "")).endswith("Cut"):
        return _CUTS
    if {"id", "recording_id", "start", "duration"} <= set(row):
        return _SUPERVISIONS
    return _RECORDINGS if {"id", "sources", "sampling_rate"} <= set(row) else ""


def _rows(manifest: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    recordings: dict[str, _Recording] | None = None
    for number, row in _lines(manifest):
        where, kind = f"{manifest}, line {number}", _kind(row)
        if kind == _CUTS:
            for cells in _of_cut(fit(_Cut, row, where, _AGAIN), manifest.parent, where):
                yield number, cells
        elif kind == _SUPERVISIONS:
            supervision = fit(_Supervision, row, where, _AGAIN)
            recordings = _recordings(manifest) if recordings is None else recordings
            if supervision.recording_id not in recordings:
                raise UserError(
                    f"{where} is of recording {short(supervision.recording_id)}, which is not in the recordings"
                )
            audio = _audio(recordings[supervision.recording_id], supervision.channel, manifest.parent, where)
            yield number, {"audio": audio, **_cells(supervision, 0, None)}
        elif kind == _RECORDINGS:
            yield number, {"audio": _audio(fit(_Recording, row, where, _AGAIN), None, manifest.parent, where)}
        else:
            raise UserError(f"{where} is no cut, supervision or recording of lhotse; {_AGAIN}")


def _of_cut(cut: _Cut, folder: Path, where: str) -> Iterator[dict[str, Any]]:
    if cut.type not in ("MonoCut", "MultiCut"):
        raise UserError(f"{where} is a {short(cut.type)}, which is put together while it is loaded; {_AS_AUDIO}")
    if cut.recording is None:
        raise UserError(f"{where} has no recording, and features are not read; {_AGAIN} with recordings")
    end = cut.start + cut.duration
    audio = {"audio": _audio(cut.recording, cut.channel, folder, where)}
    if not cut.supervisions:
        yield audio | {"start": cut.start, "end": round(end, 8), **_simple(cut.custom)}
    for supervision in cut.supervisions:
        yield audio | _simple(cut.custom) | _cells(supervision, cut.start, end)


def _cells(supervision: _Supervision, cut: Number, cut_end: Number | None) -> dict[str, Any]:
    """Return what a supervision says; its times are those of the recording, and within the cut where there is one."""
    start, end = cut + supervision.start, cut + supervision.start + supervision.duration
    if cut_end is not None:
        start, end = max(start, cut), min(end, cut_end)
    columns = {
        "speaker": supervision.speaker,
        "language": supervision.language,
        "gender": supervision.gender,
        **_simple(supervision.custom),
    }
    return {"start": round(start, 8), "end": round(end, 8), "transcript": supervision.text, **columns}


def _simple(custom: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (custom or {}).items() if isinstance(value, str | Number)}


def _audio(recording: _Recording, channel: int | list[int] | None, folder: Path, where: str) -> str:
    """Return the file of a recording, relative to the folder of its manifest."""
    name = f"{where}: recording {short(recording.id)}"
    if len(recording.sources) != 1:
        raise UserError(f"{name} has {len(recording.sources)} sources, expected one file; {_AS_AUDIO}")
    source = recording.sources[0]
    if source.type == "command":
        raise UserError(f"{name} is a shell command ({short(source.source)}), and none is run; {_AS_AUDIO}")
    if source.type != "file" or not source.source:
        raise UserError(f"{name} is no file but a {short(source.type)}; {_AS_AUDIO}")
    if changed := [
        str(change.get("name")) for change in recording.transforms or () if change.get("name") != "Resample"
    ]:
        raise UserError(f"{name} is changed while it is loaded ({', '.join(changed)[:80]}); {_AS_AUDIO}")
    wanted = {channel} if isinstance(channel, int) else set(channel or source.channels)
    if wanted != set(source.channels):
        channels = f"channel {', '.join(map(str, sorted(wanted)))} of {len(source.channels)}"
        raise UserError(f"{name} is {channels}, which would all be mixed; {_AS_AUDIO}")
    return os.path.relpath(root_of(folder.absolute(), [source.source]) / source.source, folder.absolute())


def _recordings(supervisions: Path) -> dict[str, _Recording]:
    """Return the recordings by their ids: of the manifest that is called like the supervisions'."""
    stem = supervisions.name.replace(_SUPERVISIONS, _RECORDINGS).removesuffix(".gz")
    paths = [supervisions.with_name(name) for name in (stem, f"{stem}.gz") if name != supervisions.name]
    path = next((one for one in paths if one.is_file() and _SUPERVISIONS in supervisions.name), None)
    if path is None:
        raise UserError(f"{supervisions} has no {stem} or {stem}.gz beside it; name both so, or make cuts of them")
    recordings: dict[str, _Recording] = {}
    for number, row in _lines(path):
        one = fit(_Recording, row, f"{path}, line {number}", _AGAIN)
        if one.id in recordings:
            raise UserError(f"{path}, line {number}: recording {short(one.id)} is there already; keep one of them")
        recordings[one.id] = one
    return recordings


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    if not isinstance(row := loads(line), dict):
                        raise ValueError("it is no JSON object")
                    yield number, row
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise UserError(f"cannot read {path} after line {number}: {brief(error)}; {_AGAIN}") from error
