"""Subtitles, SubRip (.srt) and WebVTT (.vtt), read by webvtt-py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mser.corpora.annotations.annotation import Annotation, Tier, interval
from mser.corpora.text_files import read_or_windows
from mser.errors import UserError, brief

_NAMED = re.compile(r"\[([^\]]+)\]: *(.*)", re.DOTALL)
"""How WhisperX writes who speaks into subtitles."""
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|\{\\[^}]*\}")


def read_subtitles(path: Path) -> list[Annotation]:
    """Return the cues; who speaks is told by a voice of WebVTT (``<v Anna>``) or by ``[Anna]:``.

    Raises:
        UserError: if it holds no subtitles, or a cue cannot be read or be.
    """
    import webvtt

    text = read_or_windows(path).removeprefix("\ufeff").strip() + "\n"
    form = path.suffix.lower().removeprefix(".")
    try:
        cues: list[Any] = [*webvtt.from_buffer(text.splitlines(keepends=True), format=form).captions]
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError, ValueError) as error:
        raise UserError(f"{path}: it holds no subtitles: {brief(error)}") from error
    promised = [number for number, line in enumerate(text.splitlines(), 1) if "-->" in line]
    if len(promised) != len(cues):
        raise UserError(f"{path}: of {len(promised)} cues, the last in line {promised[-1]}, {len(cues)} can be read")
    intervals = []
    for number, cue in enumerate(cues, 1):
        speaker, transcript = _speaker(cue)
        intervals.append(interval(path, f"cue {number}", _seconds(cue.start), _seconds(cue.end), transcript, speaker))
    return [Annotation(path, path.stem, [Tier("", intervals, role="transcript")])]


def _speaker(cue: Any) -> tuple[str, str]:
    text = _TAG.sub("", cue.raw_text)
    if cue.voice:
        return cue.voice, text
    named = _NAMED.match(text)
    return (named[1], named[2]) if named else ("", text)


def _seconds(stamp: str) -> float:
    seconds = 0.0
    for part in stamp.replace(",", ".").split(":"):
        seconds = 60 * seconds + float(part)
    return seconds
