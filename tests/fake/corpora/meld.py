"""Makes small trees in the shape and grammar of MELD.Raw, with its oddities; tones stand for speech."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from fake.corpora.iemocap import HINT, PITCH, tone, write_wav

FRIENDS = ("Chandler", "Joey", "Monica", "Phoebe", "Rachel", "Ross")
EMOTIONS = ("neutral", "joy", "sadness", "anger", "surprise", "fear", "disgust")
SENTIMENT = {"neutral": "neutral", "joy": "positive", "surprise": "positive"}
FOUR = {"neutral": "neu", "joy": "hap", "sadness": "sad", "anger": "ang"}
FOLDERS = {"train": "train/train_splits", "dev": "dev/dev_splits_complete", "test": "test/output_repeated_splits_test"}
HEADER = (
    *("Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"),
    *("Season", "Episode", "StartTime", "EndTime"),
)

Rows = dict[str, list[dict[str, str]]]


def make_meld(root: Path, *, dialogues: int = 8, turns: int = 7, seed: int = 0) -> Rows:
    """Write a tree with as many dialogues in each part and return the csv rows of the parts."""
    rows = {part: _rows(part, dialogues, turns) for part in FOLDERS}
    for part, folder in FOLDERS.items():
        chance = random.Random(f"{seed} {part}")
        (root / folder).mkdir(parents=True)
        for row in rows[part]:
            pitch = PITCH.get(FOUR.get(row["Emotion"], ""), 140)
            write_wav(root / folder / f"{clip(row)}.wav", tone(_seconds(row), pitch, chance))
    write_tables(root, rows)
    return rows


def write_tables(root: Path, rows: Mapping[str, Sequence[Mapping[str, str]]], *, encoding: str = "utf-8") -> None:
    """Write the csv files: the training part's into its folder, the others into the root."""
    for part, table in rows.items():
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, HEADER, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(table)
        (root / part if part == "train" else root).mkdir(parents=True, exist_ok=True)
        table_path(root, part).write_bytes(text.getvalue().encode(encoding))


def table_path(root: Path, part: str) -> Path:
    return root / ("train" if part == "train" else ".") / f"{part}_sent_emo.csv"


def clip(row: Mapping[str, str]) -> str:
    return f"dia{row['Dialogue_ID']}_utt{row['Utterance_ID']}"


def _rows(part: str, dialogues: int, turns: int) -> list[dict[str, str]]:
    rows = []
    for dialogue in range(dialogues):
        for turn in range(turns):
            number = dialogue * turns + turn
            emotion = EMOTIONS[(number + dialogue) % len(EMOTIONS)]
            speaker = "All" if number % 10 == 9 else FRIENDS[(turn + 2 * dialogue) % len(FRIENDS)]
            hint = HINT.get(FOUR.get(emotion, ""), "well")
            start = 878.127 + 5 * number
            rows.append(
                {
                    "Sr No.": str(number // 2),  # repeats, as the release's do
                    "Utterance": f"{part} w{number} says \u201cit\u2019s {hint}\u201d",
                    "Speaker": speaker,
                    "Emotion": emotion,
                    "Sentiment": SENTIMENT.get(emotion, "negative"),
                    "Dialogue_ID": str(dialogue),
                    "Utterance_ID": str(2 * turn),  # with gaps, as the release's have
                    "Season": str(1 + dialogue % 8),
                    "Episode": str(1 + dialogue),
                    "StartTime": _time(start),
                    "EndTime": _time(start + 0.25 + number % 4 / 16),
                }
            )
    return rows


def _time(seconds: float) -> str:
    return f"00:{int(seconds) // 60:02}:{int(seconds) % 60:02},{round(seconds % 1 * 1000) % 1000:03}"


def _seconds(row: Mapping[str, str]) -> float:
    start, end = (
        sum(
            float(piece) * unit
            for piece, unit in zip(row[name].replace(",", ".").split(":"), (3600, 60, 1), strict=True)
        )
        for name in ("StartTime", "EndTime")
    )
    return end - start
