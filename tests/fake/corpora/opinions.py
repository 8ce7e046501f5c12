"""Makes small trees in the shapes of CMU-MOSI and CMU-MOSEI, with their oddities; tones stand for speech."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
from fake.corpora.iemocap import tone, write_wav

RATE = 16000
MOSI = {
    **{"03bSnISJMiM": "train", "2WGyTLYerpo": "train", "0h-zjBukYpk": "train", "1DmNV9C1hbY": "train"},
    **{"_dI--eQ6qVU": "val", "WKA5OygbEKI": "val", "f_pcplsH_V0": "test", "c7UH_rxdZv4": "test"},
}
MOSEI = {
    **{"-3g5yACwYnA": "train", "100499": "train", "_26JmJnPKfM": "train", "FcAgbLF6__s": "train"},
    **{"--qXJuDtHPw": "val", "-571d8cVauQ": "val", "-6rXp3zJ3kc": "test", "_0efYOjQYRc": "test"},
    **{"no-official": ""},
}
EMOTIONS = ("happy", "sad", "anger", "surprise", "disgust", "fear")


@dataclass(frozen=True)
class Piece:
    """A labelled segment as it was written; `index` is that of the label file, `clip` that of the transcripts."""

    video: str
    index: int
    clip: int
    start: float
    end: float
    text: str
    scores: tuple[float, ...]


def pieces(videos: Iterable[str], *, size: int = 3, emotions: bool = False, first_clip: int = 1) -> list[Piece]:
    """Return `size` segments of each video, some 0.4 s long, the quirks of the corpora among them."""
    said = []
    for place, video in enumerate(videos):
        chance, now = random.Random(video), 0.25
        for index in range(size):
            end = round(now + chance.uniform(0.3, 0.5), 4)
            sentiment = ((place * size + index) * 7 % 19 - 9) / 3
            moods = tuple(float((place + index + k) % 4 == 0) * (k + 1) / 3 for k in range(6)) if emotions else ()
            word = "great" if sentiment > 0 else "awful" if sentiment < 0 else "there"
            text = f"it was {word} __ w{chance.randint(0, 99)} and w{place}{index}" if index else f"{word}, caf\u00e9"
            said.append(Piece(video, index, first_clip + index, round(now, 4), end, text, (sentiment, *moods)))
            now = end + 0.2
    return said


def make_mosi(root: Path, *, size: int = 3, full: bool = False, counts: bool = True) -> list[Piece]:
    """Write the raw release: labels from 0, clips and transcripts from 1; with `full`, whole videos and plain texts."""
    said = [replace(one, text=one.text.upper()) for one in pieces(MOSI, size=size)]
    if not full:  # a segment of no length, whose clip there is all the same
        said = [replace(one, start=one.end) if (one.video, one.index) == ("2WGyTLYerpo", 1) else one for one in said]
    write_csd(root / "CMU_MOSI_Opinion_Labels.csd", "Opinion Segment Labels", said)
    audio, texts = root / "Raw/Audio/WAV_16000", root / "Raw/Transcript"
    for video, own in by_video(said).items():
        if full:
            write_video(audio / "Full" / f"{video}.wav", own)
            write_lines(texts / "Full" / f"{video}.textonly", [one.text for one in own])
            continue
        write_lines(texts / "Segmented" / f"{video}.annotprocessed", [f"{one.clip}_DELIM_{one.text}" for one in own])
        for one in own:
            write_clip(audio / "Segmented" / f"{video}_{one.clip}.wav", one)
    if counts:
        write_counts(root, said, MOSI)
    return said


def make_mosei(root: Path, *, size: int = 3, counts: bool = True) -> list[Piece]:
    """Write the raw release: whole videos, transcripts whose numbers are not those of the labels, lines to spare."""
    said = pieces(MOSEI, size=size, emotions=True, first_clip=4)
    said[0] = replace(said[0], start=-0.4175)
    write_csd(root / "CMU_MOSEI_Labels.csd", "All Labels", said)
    for video, own in by_video(said).items():
        write_video(root / "Raw/Audio/Full/WAV_16000" / f"{video}.wav", own)
        lines = [
            f"{video}___{one.clip}___{max(one.start, 0):.4f}___{one.end:.4f}___{one.text}" for one in reversed(own)
        ]
        more = f"{video}___0___{own[-1].end + 1}___{own[-1].end + 2}___nobody rated this"
        write_lines(root / "Raw/Transcript/Segmented/Combined" / f"{video}.txt", [more, *lines])
    write_lines(
        root / "Raw/Transcript/Segmented/Combined/unlabelled.txt", ["unlabelled___0___0___1___nobody rated this"]
    )
    if counts:
        write_counts(root, said, MOSEI)
    return said


def make_label_csv(root: Path, videos: Mapping[str, str], *, size: int = 3, counts: bool = True) -> list[Piece]:
    """Write MMSA's ``label.csv`` and the clips that were taken from its videos."""
    said = pieces([video for video, split in videos.items() if split], size=size)
    for one in said:
        write_clip(root / "Raw" / one.video / f"{one.clip}.wav", one)
    write_rows(root, [row(one, videos[one.video]) for one in said])
    if counts:
        write_counts(root, said, videos)
    return said


def row(one: Piece, split: str) -> dict[str, object]:
    """Return a segment as a row of ``label.csv``."""
    polarity = ("Negative", "Neutral", "Positive")[int(np.sign(one.scores[0])) + 1]
    return {
        **{"video_id": one.video, "clip_id": one.clip, "text": one.text, "label": one.scores[0]},
        **{"label_T": "", "label_A": "", "label_V": "", "annotation": polarity},
        "mode": {"val": "valid"}.get(split, split),
    }


def write_rows(root: Path, rows: Sequence[Mapping[str, object]], encoding: str = "utf-8") -> None:
    """Write ``label.csv`` with the columns of the first row."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "label.csv").open("w", newline="", encoding=encoding) as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def write_csd(path: Path, name: str, said: Iterable[Piece]) -> None:
    """Write a label file as the SDK does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for video, own in by_video(said).items():
            group = file.create_group(f"{name}/data/{video}")
            group["features"] = np.array([one.scores for one in own], dtype=np.float32)
            group["intervals"] = np.array([(one.start, one.end) for one in own])
        file[f"{name}/metadata/root name"] = [json.dumps(name)]


def write_clip(path: Path, one: Piece) -> None:
    """Write the sound of one segment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, tone(max(one.end - one.start, 0.35), 200 + 30 * one.scores[0], random.Random(f"{one}")))


def write_video(path: Path, own: Sequence[Piece]) -> None:
    """Write a whole video: a tone in every segment, silence elsewhere, and half a second at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.zeros(round((own[-1].end + 0.5) * RATE))
    for one in own:
        first = round(max(one.start, 0) * RATE)
        sound = tone(one.end - max(one.start, 0), 200 + 30 * one.scores[0], random.Random(f"{one}"))
        samples[first : first + len(sound)] = sound[: len(samples) - first]
    write_wav(path, samples)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file in UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_counts(root: Path, said: Sequence[Piece], splits: Mapping[str, str]) -> None:
    """Write the made-up.json that `mser data check` compares with."""
    signs = {-1: "negative", 0: "zero", 1: "positive"}
    parts = {split: [one for one in said if splits[one.video] == split] for split in ("train", "val", "test")}
    counts = {
        "splits": {split: len(part) for split, part in parts.items()},
        "sentiment": {s: Counter(signs[int(np.sign(one.scores[0]))] for one in part) for s, part in parts.items()},
        **{f"{split} videos": sorted({one.video for one in part}) for split, part in parts.items()},
    }
    (root / "made-up.json").write_text(json.dumps({"counts": counts}))


def by_video(said: Iterable[Piece]) -> dict[str, list[Piece]]:
    """Return the segments of each video."""
    videos: dict[str, list[Piece]] = {}
    for one in said:
        videos.setdefault(one.video, []).append(one)
    return videos
