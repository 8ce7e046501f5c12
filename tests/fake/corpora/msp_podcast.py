"""Makes small trees in the shape and grammar of MSP-Podcast; tones stand for speech."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from fake.corpora.iemocap import HINT, PITCH, tone, write_wav

LETTERS = ("N", "S", "A", "H", "U", "F", "D", "C", "O", "X")
FOUR = {"N": "neu", "S": "sad", "A": "ang", "H": "hap"}
SPLITS = ("Train", "Development", "Test1", "Test2")
HEADER = ("FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set")

Rows = list[dict[str, str]]


def make_msp_podcast(root: Path, *, each: int = 30) -> Rows:
    """Write a tree with as many segments in each part and return the rows of its label file."""
    rows = [_row(split, number, each) for split in range(len(SPLITS)) for number in range(each)]
    for folder in ("Audios", "Transcripts"):
        (root / folder).mkdir(parents=True)
    chance = random.Random(0)
    for row in rows:
        stem, four = row["FileName"].removesuffix(".wav"), FOUR.get(row["EmoClass"], "")
        write_wav(root / f"Audios/{stem}.wav", tone(chance.uniform(0.2, 0.4), PITCH.get(four, 140), chance))
        words = f" {row['SpkrID']} said\n{HINT.get(four, 'well')} {stem[-4:]} "
        (root / f"Transcripts/{stem}.txt").write_text(words)
    write_csv(root, rows)
    return rows


def write_csv(root: Path, rows: Sequence[Mapping[str, str]], name: str = "Labels/labels_consensus.csv") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    with (root / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(rows)


def write_json(root: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write the release's other label file, in which numbers are numbers, instead of the table."""
    (root / "Labels/labels_consensus.csv").unlink(missing_ok=True)
    said = {}
    for row in rows:
        scores = {name: float(row[name]) for name in ("EmoAct", "EmoVal", "EmoDom") if row[name]}
        rest = {name: row[name] for name in ("EmoClass", "Gender", "Split_Set")}
        speaker = int(row["SpkrID"]) if row["SpkrID"].isdigit() else row["SpkrID"]
        said[row["FileName"]] = {**rest, **scores, "SpkrID": speaker}
    (root / "Labels/labels_consensus.json").write_text(json.dumps(said))


def _row(split: int, number: int, each: int) -> dict[str, str]:
    """Return a row; podcasts of the first three parts overlap, and who speaks in Test2 is unknown."""
    podcast = f"{number % 5 + 1:04}" if split < 3 else f"9{number % 5:03}"
    unknown = split == 3 or (split == 0 and number % 7 == 0)
    part = "_0001" if number % 10 == 3 else ""  # later releases cut segments again
    return {
        "FileName": f"MSP-PODCAST_{podcast}_{split * each + number:04}{part}.wav",
        "EmoClass": LETTERS[number % len(LETTERS)],
        "EmoAct": f"{1 + number % 7}",
        "EmoVal": f"{1 + (number + split) % 13 / 2:.6f}",
        "EmoDom": "3.777778",
        "SpkrID": "Unknown" if unknown else str(100 * split + number % 4),
        "Gender": "Unknown" if unknown else ("Male", "Female")[number % 2],
        "Split_Set": SPLITS[split],
    }
