"""JSON of speech recognition (Whisper, WhisperX, OpenAI) and exports of Label Studio."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from mser.corpora.annotations.annotation import Annotation, Interval, Tier, interval
from mser.corpora.text_files import read_or_windows
from mser.errors import UserError
from mser.files.json_fields import loads

_ROLES = {"textarea": "transcript", "labels": "label", "choices": "label"}
"""Of Label Studio's kinds of results."""
_UPLOADED = re.compile(r"^[0-9a-f]{8}-")


def read_json(path: Path) -> list[Annotation]:
    """Return the segments of a transcript, or the regions of each task of Label Studio.

    Raises:
        UserError: if it is neither, or a segment or region cannot be.
    """
    try:
        content = loads(read_or_windows(path))
    except ValueError as error:
        raise UserError(f"{path}: it is not JSON ({str(error)[:200]})") from error
    if isinstance(content, dict) and isinstance(content.get("segments"), list):
        segments = [_segment(path, number, one) for number, one in enumerate(content["segments"], 1)]
        return [Annotation(path, path.stem, [Tier("", segments, role="transcript")])]
    tasks = content if isinstance(content, list) else [content]
    if not tasks or not all(isinstance(one, dict) and "annotations" in one and "data" in one for one in tasks):
        expected = "segments, as Whisper, WhisperX and OpenAI write them, or tasks of Label Studio (export as JSON)"
        raise UserError(f"{path}: it holds no {expected}")
    return [_task(path, number, one) for number, one in enumerate(tasks, 1)]


def _segment(path: Path, number: int, segment: Any) -> Interval:
    place = f"segment {number}"
    cells = segment if isinstance(segment, dict) else {}
    start, end = _times(path, place, cells)
    return interval(path, place, start, end, str(cells.get("text") or ""), str(cells.get("speaker") or ""))


def _times(path: Path, place: str, cells: Mapping[str, Any]) -> tuple[float, float]:
    start, end = cells.get("start"), cells.get("end")
    if not isinstance(start, int | float) or not isinstance(end, int | float):
        raise UserError(f"{path}, {place}: it has no start and end in seconds; mend it")
    return float(start), float(end)


def _task(path: Path, number: int, task: Mapping[str, Any]) -> Annotation:
    place = f"task {number}"
    annotations = [annotation for annotation in task["annotations"] if not annotation.get("was_cancelled")]
    if len(annotations) > 1:
        raise UserError(
            f"{path}, {place}: it was annotated {len(annotations)} times; export one annotation of each task"
        )
    tiers: dict[str, list[Interval]] = defaultdict(list)
    roles: dict[str, str] = {}
    media: set[str] = set()
    for name, kind, target, intervals in _regions(path, place, annotations[0]["result"] if annotations else []):
        tiers[name].append(intervals)
        roles[name] = _ROLES[kind]
        media.add(target)
    data = task["data"]
    url = next((str(data[key]) for key in (*sorted(media), "audio", *data) if isinstance(data.get(key), str)), "")
    recording = _UPLOADED.sub("", PurePosixPath(unquote(url)).name) or path.stem
    return Annotation(path, recording, [Tier(name, intervals, role=roles[name]) for name, intervals in tiers.items()])


def _regions(path: Path, place: str, results: Any) -> Iterator[tuple[str, str, str, Interval]]:
    for number, result in enumerate(results, 1):
        kind, value = result.get("type"), result.get("value") or {}
        if kind not in _ROLES or "start" not in value:
            continue  # what is said of the whole task
        where = f"{place}, result {number}"
        start, end = _times(path, where, value)
        texts = value.get("text" if kind == "textarea" else kind) or []
        text = " ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
        yield str(result.get("from_name")), kind, str(result.get("to_name")), interval(path, where, start, end, text)
