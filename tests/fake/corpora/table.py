"""Makes small tables of recordings, with the columns and the file format that a test asks for."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import soundfile
from fake.corpora.iemocap import RATE, tone, write_wav

PITCH = {"angry": 300, "calm": 130, "happy": 220}
Row = dict[str, object]


def rows(speakers: int = 6, each: int = 2) -> list[Row]:
    """Return so many clips of each label by each speaker, in the default columns."""
    return [
        {
            "audio": f"clips/s{s}_{label}{n}.wav",
            "transcript": f"Number {n}, please.",
            "label": label,
            "speaker": f"s{s}",
        }
        for s in range(speakers)
        for label in PITCH
        for n in range(each)
    ]


def make_table(path: Path, said: list[Row] | None = None, *, seconds: float = 0.3) -> list[Row]:
    """Write a table and a tone for each of its default clips, and return its rows."""
    said = rows() if said is None else said
    chance = random.Random(0)
    for row in said:
        clip = path.parent / str(row.get("audio") or row.get("file"))
        if not clip.exists():
            clip.parent.mkdir(parents=True, exist_ok=True)
            write(clip, tone(seconds, PITCH.get(str(row.get("label")), 180), chance))
    write_rows(path, said)
    return said


def write(clip: Path, samples) -> None:
    """Write a wav file, or whatever else the name asks for."""
    write_wav(clip, samples) if clip.suffix == ".wav" else soundfile.write(clip, samples, RATE)


def write_rows(path: Path, said: list[Row]) -> None:
    """Write the table alone, in the format that its name asks for."""
    names = list(dict.fromkeys(name for row in said for name in row))
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in said), encoding="utf-8")
    elif path.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(said), path)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names, delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(said)
