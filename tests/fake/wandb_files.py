"""Reads what wandb wrote while it was offline."""

import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from wandb.proto.wandb_internal_pb2 import Record


def offline_runs(folder: Path) -> list[SimpleNamespace]:
    """Return each run below a folder: id, group, job type, name, config, what was logged and artifacts, by name."""
    return [_read(path) for path in sorted(folder.rglob("*.wandb"))]


def _read(path: Path) -> SimpleNamespace:
    run, logged, artifacts = None, {}, {}
    for record in _whole(path):
        if record.WhichOneof("record_type") == "run":
            run = record.run
        if record.WhichOneof("record_type") == "history":
            logged |= {"/".join(item.nested_key) or item.key: json.loads(item.value_json)
                       for item in record.history.item}  # fmt: skip
        if record.WhichOneof("record_type") == "artifact":
            found = record.artifact
            artifacts[found.name] = (found.type, {item.path: item.local_path for item in found.manifest.contents})
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    return SimpleNamespace(
        id=run.run_id, group=run.run_group, job_type=run.job_type, name=run.display_name, project=run.project,
        config=config, logged=logged, folder=path.parent, artifacts=artifacts,
    )  # fmt: skip


def _whole(path: Path) -> list[Record]:
    """Return the records of a run that has ended: wandb's own process writes the last of them when it comes to it."""
    deadline = time.monotonic() + 30
    while True:
        records = [Record.FromString(data) for data in _records(path.read_bytes())]
        if any(record.WhichOneof("record_type") == "exit" for record in records) or time.monotonic() > deadline:
            return records
        time.sleep(0.1)


def _records(data: bytes) -> Iterator[bytes]:
    """Yield the records of a LevelDB log: checksum, length, kind (whole, first, middle, last), in blocks of 32 KiB."""
    place, parts = 7, b""  # after wandb's own header
    while place + 7 <= len(data):
        if (left := 32768 - place % 32768) < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        parts += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            yield parts
            parts = b""
