"""Data sets as the `datasets` library itself writes them."""

from __future__ import annotations

from pathlib import Path

import datasets
from fake.corpora.hub import NAMES, RATE, Row


def _data_set(rows: list[Row]) -> datasets.Dataset:
    """Return the rows; casting is how recordings come into one where torchcodec is not installed."""
    drawn = datasets.Dataset.from_list(rows)
    audio = datasets.Audio(sampling_rate=RATE, decode=False)
    return drawn.cast_column("audio", audio).cast_column("emotion", datasets.ClassLabel(names=list(NAMES)))


def _splits(rows: list[Row]) -> datasets.DatasetDict:
    parts = {"train": "abcd", "validation": "e", "test": "f"}
    return datasets.DatasetDict(
        {name: _data_set([row for row in rows if row["speaker"] in who]) for name, who in parts.items()}
    )


def one_parquet(folder: Path, rows: list[Row]) -> Path:
    """Write one file, the recordings in it."""
    _data_set(rows).to_parquet(folder / "set.parquet")
    return folder / "set.parquet"


def paths_in_parquet(folder: Path, rows: list[Row]) -> Path:
    """Write one file that holds no recordings, but says where they lie."""
    for row in rows:
        (folder / row["audio"]["path"]).write_bytes(row["audio"]["bytes"])
    named = [row | {"audio": str(folder / row["audio"]["path"])} for row in rows]
    _data_set(named).to_parquet(folder / "set.parquet")
    return folder / "set.parquet"


def shards(folder: Path, rows: list[Row]) -> Path:
    """Write each split as files of Parquet, out of a stream, named as the hub has them."""
    for name, part in _splits(rows).items():
        (folder / "set/data").mkdir(parents=True, exist_ok=True)
        number = 2 if name == "train" else 1
        stream = part.to_iterable_dataset(num_shards=number)
        for shard in range(number):
            file = folder / f"set/data/{name}-{shard:05}-of-{number:05}.parquet"
            stream.shard(number, shard).to_parquet(file)
    return folder / "set"


def saved(folder: Path, rows: list[Row]) -> Path:
    """Save one data set in several files of Arrow."""
    _data_set(rows).save_to_disk(folder / "saved", num_shards=2)
    return folder / "saved"


def saved_splits(folder: Path, rows: list[Row]) -> Path:
    """Save a data set with its splits."""
    _splits(rows).save_to_disk(folder / "saved")
    return folder / "saved"
