"""Makes small databases by the audformat library itself."""

from __future__ import annotations

from pathlib import Path

import audformat
from fake.corpora.table import PITCH, Row, make_table, rows

TEXTS = {"t0": "Number 0, please.", "t1": "Number 1, please."}
PARTS = {"train": "train", "dev": "dev", "test": "test"}


def make_audformat(
    folder: Path, *, segmented: bool = False, parts: bool = False, emotion: str = "emotion", storage: str = "csv"
) -> audformat.Database:
    """Write a database of 36 clips: speakers and transcripts by file, emotions by file or segment, maybe in parts."""
    said = make_table(folder / "made.csv")
    (folder / "made.csv").unlink()
    db = new_database()
    files = audformat.filewise_index([str(row["audio"]) for row in said])
    db["files"] = audformat.Table(files)
    add(db, "files", "speaker", [row["speaker"] for row in said])
    add(db, "files", "transcription", [f"t{str(row['transcript'])[7]}" for row in said])
    for name, split in PARTS.items() if parts else [("", None)]:
        mine = [row for row in said if not parts or _part(row) == name]
        table = emotion + (f".{name}" if name else "")
        paths = [str(row["audio"]) for row in mine]
        index = audformat.filewise_index(paths)
        if segmented:
            index = audformat.segmented_index(paths, ["0.05s"] * len(mine), ["0.25s"] * len(mine))
        db[table] = audformat.Table(index, split_id=split)
        add(db, table, "emotion", [row["label"] for row in mine])
        add(db, table, "valence", [PITCH[str(row["label"])] / 300 for row in mine])
    db.save(str(folder), storage_format=storage)
    return db


def new_database() -> audformat.Database:
    """Return one with schemes and splits and no tables."""
    db = audformat.Database("small")
    db.schemes["emotion"] = audformat.Scheme(labels=list(PITCH))
    db.schemes["valence"] = audformat.Scheme("float", minimum=0, maximum=1)
    genders = {f"s{n}": {"gender": "female" if n % 2 else "male"} for n in range(len(rows()) // 6)}
    db.schemes["speaker"] = audformat.Scheme(labels=genders)
    db.schemes["transcription"] = audformat.Scheme(labels=TEXTS)
    for name, kind in PARTS.items():
        db.splits[name] = audformat.Split(kind)
    return db


def add(db: audformat.Database, table: str, scheme: str, values: list[object], column: str | None = None) -> None:
    """Add a column to a table."""
    db[table][column or scheme] = audformat.Column(scheme_id=scheme)
    db[table][column or scheme].set(values)


def _part(row: Row) -> str:
    return {"s4": "dev", "s5": "test"}.get(str(row["speaker"]), "train")
