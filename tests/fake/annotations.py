"""Writes turns of speakers as annotations of one recording, each format by its own library where there is one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pympi
import webvtt
from praatio import textgrid
from praatio.data_classes.interval_tier import IntervalTier
from praatio.data_classes.point_tier import PointTier

Turn = tuple[str, float, float, str, str]
"""Who speaks, from and to which second, what is said, and the label."""
BY_SPEAKER = ("--tiers", "transcript={speaker}-text", "label={speaker}-emotion")
BY_CONTROL = ("--tiers", "transcript=text", "label=emotion", "speaker=who")


def praat(path: Path, turns: Sequence[Turn]) -> None:
    """Write two tiers for each speaker, and one of points; its name is the recording's."""
    grid, last = textgrid.Textgrid(), max(turn[2] for turn in turns) + 1
    for who, own in _by_speaker(turns).items():
        grid.addTier(IntervalTier(f"{who}-text", [turn[1:4] for turn in own], 0, last))
        grid.addTier(IntervalTier(f"{who}-emotion", [(*turn[1:3], turn[4]) for turn in own], 0, last))
    grid.addTier(PointTier("clicks", [(0.1, "x")], 0, last))
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True)


def elan(path: Path, turns: Sequence[Turn], recording: str = "call") -> None:
    """Write a tier for each speaker, and one of labels that depends on it."""
    eaf = pympi.Eaf()
    eaf.add_linked_file(f"file:///C:/field/{recording}.wav", relpath=f"./{recording}.wav", mimetype="audio/x-wav")
    eaf.remove_tier("default")
    eaf.add_linguistic_type("dependent", "Symbolic_Association")
    for who, own in _by_speaker(turns).items():
        eaf.add_tier(f"{who}-text", part=who)
        eaf.add_tier(f"{who}-emotion", ling="dependent", parent=f"{who}-text", part=who)
        for _, start, end, text, label in own:
            eaf.add_annotation(f"{who}-text", round(1000 * start), round(1000 * end), text)
            eaf.add_ref_annotation(f"{who}-emotion", f"{who}-text", round(1000 * start) + 1, label)
    eaf.to_file(str(path))


def vtt(path: Path, turns: Sequence[Turn]) -> None:
    """Write cues with voices."""
    cues = [webvtt.Caption(_stamp(start), _stamp(end), f"<v {who}>{text}</v>") for who, start, end, text, _ in turns]
    webvtt.WebVTT(captions=cues).save(str(path))


def srt(path: Path, turns: Sequence[Turn]) -> None:
    """Write cues, who speaks in brackets before the text."""
    cues = [webvtt.Caption(_stamp(start), _stamp(end), f"[{who}]: {text}") for who, start, end, text, _ in turns]
    with path.open("w") as file:
        webvtt.WebVTT(captions=cues).write(file, format="srt")


def whisperx(path: Path, turns: Sequence[Turn]) -> None:
    """Write segments as WhisperX does."""
    segments = [
        {"start": start, "end": end, "text": f" {text}", "speaker": who, "words": []}
        for who, start, end, text, _ in turns
    ]
    path.write_text(json.dumps({"segments": segments, "word_segments": [], "language": "en"}))


def rttm(path: Path, turns: Sequence[Turn], recording: str = "call") -> None:
    """Write who speaks when."""
    lines = [f"SPKR-INFO {recording} 1 <NA> <NA> <NA> unknown {turns[0][0]} <NA> <NA>"]
    lines += [
        f"SPEAKER {recording} 1 {start} {end - start:.3f} <NA> <NA> {who} <NA> <NA>" for who, start, end, *_ in turns
    ]
    path.write_text("\n".join(lines) + "\n")


def ctm(path: Path, turns: Sequence[Turn], recording: str = "call") -> None:
    """Write the words, each speaker's in a channel; turns without half a second between them become one."""
    lines, channels = [";; made by hand"], list(_by_speaker(turns))
    for who, start, end, text, _ in turns:
        words = text.split()
        each = (end - start) / len(words)
        channel = "AB"[channels.index(who)]
        lines += [
            f"{recording} {channel} {start + n * each:.6f} {each:.6f} {word} 0.9 lex {who}"
            for n, word in enumerate(words)
        ]
    path.write_text("\n".join(lines))


def label_studio(path: Path, turns: Sequence[Turn], recording: str = "call") -> None:
    """Write an export of Label Studio with three controls."""
    results = []
    for number, (who, start, end, text, label) in enumerate(turns):
        span = {"start": start, "end": end, "channel": 0}
        shared = {"id": f"r{number}", "to_name": "audio", "original_length": 10.0}
        results += [
            {**shared, "from_name": "who", "type": "labels", "value": {**span, "labels": [who]}},
            {**shared, "from_name": "text", "type": "textarea", "value": {**span, "text": [text]}},
            {**shared, "from_name": "emotion", "type": "choices", "value": {**span, "choices": [label]}},
        ]
    audio = f"/data/upload/3/0a1b2c3d-{recording}.wav"
    path.write_text(json.dumps([{"id": 1, "data": {"audio": audio}, "annotations": [{"result": results}]}]))


def _by_speaker(turns: Sequence[Turn]) -> dict[str, list[Turn]]:
    return {who: [turn for turn in turns if turn[0] == who] for who in dict.fromkeys(turn[0] for turn in turns)}


def _stamp(seconds: float) -> str:
    return f"00:{int(seconds // 60):02}:{seconds % 60:06.3f}"
