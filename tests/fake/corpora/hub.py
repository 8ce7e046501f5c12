"""Makes data sets in the files that the `datasets` library writes: Parquet, or Arrow with what describes it."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pyarrow
import soundfile
from fake.corpora.iemocap import RATE, tone
from pyarrow import parquet

NAMES = ("angry", "calm", "happy")
AUDIO = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
FEATURES = {
    "audio": {"sampling_rate": RATE, "_type": "Audio"},
    "emotion": {"names": list(NAMES), "_type": "ClassLabel"},
    "speaker": {"dtype": "string", "_type": "Value"},
    "transcript": {"dtype": "string", "_type": "Value"},
}
Row = dict[str, Any]


def encoded(pitch: int, kind: str = "WAV", seconds: float = 0.3) -> bytes:
    """Return a recording in the bytes of its file."""
    file = io.BytesIO()
    soundfile.write(file, tone(seconds, pitch, random.Random(pitch)), RATE, format=kind)
    return file.getvalue()


def hub_rows(speakers: str = "abcdef") -> list[Row]:
    """Return a row per speaker and label."""
    return [
        {
            "audio": {"bytes": encoded(150 + 20 * n + 7 * ord(who), "FLAC" if n else "WAV"), "path": f"{who}_{n}.wav"},
            "emotion": n,
            "speaker": who,
            "transcript": f"Number {n}, please.",
        }
        for who in speakers
        for n in range(len(NAMES))
    ]


def as_table(rows: list[Row], *, names: tuple[str, ...] | None = NAMES) -> pyarrow.Table:
    """Return the rows with the schema and metadata of `datasets`."""
    usual = {"audio": AUDIO, "emotion": pyarrow.int64()}
    drawn = pyarrow.Table.from_pylist(rows).schema
    schema = pyarrow.schema([(one.name, usual.get(one.name, one.type)) for one in drawn])
    if names:
        features = FEATURES | {"emotion": {"names": list(names), "_type": "ClassLabel"}}
        schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    return pyarrow.Table.from_pylist(rows, schema=schema)


def write_parquet(path: Path, rows: list[Row], **options: Any) -> Path:
    """Write one shard as `Dataset.to_parquet` and `push_to_hub` do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(as_table(rows, **options), path, row_group_size=4)
    return path


def save_to_disk(folder: Path, rows: list[Row], shards: int = 1) -> Path:
    """Write a folder as `Dataset.save_to_disk` does: streams of Arrow, the state and what is known of the data."""
    folder.mkdir(parents=True)
    files = [f"data-{number:05}-of-{shards:05}.arrow" for number in range(shards)]
    each = -(-len(rows) // shards)
    for number, name in enumerate(files):
        table = as_table(rows[number * each : (number + 1) * each])
        with pyarrow.OSFile(str(folder / name), "wb") as sink, pyarrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, 4)
    state = {name: None for name in ("_fingerprint", "_format_columns", "_format_type", "_split")}
    state |= {"_format_kwargs": {}, "_output_all_columns": False, "_fingerprint": "61cdef5c6b03892b"}
    state["_data_files"] = [{"filename": name} for name in files]
    (folder / "state.json").write_text(json.dumps(state))
    info = {"citation": "", "description": "", "features": FEATURES, "homepage": "", "license": ""}
    (folder / "dataset_info.json").write_text(json.dumps(info))
    return folder


def save_splits(folder: Path, **splits: list[Row]) -> Path:
    """Write a folder as `DatasetDict.save_to_disk` does."""
    for name, rows in splits.items():
        save_to_disk(folder / name, rows)
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}))
    return folder
