"""Predictions as Parquet, which cannot grow: rows gather in JSON lines beside it and become one file at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from mser.errors import UserError, brief
from mser.files.whole import replacing

_ROWS = 10_000  # in memory at a time
_TEXT = ("audio", "transcript", "label", "used", "transcript_from", "unlike_training", "note", "error", "model")
_TRUTH = ("abstain",)


def journal_of(path: Path) -> Path:
    """Return the file in which the rows of a Parquet file gather."""
    return path.with_name(f"{path.name}.part.jsonl")


def reopen(path: Path) -> bool:
    """Give the rows of a finished file back to its journal, to which more can be added; return whether it was finished.

    Raises:
        UserError: if it is no Parquet file, or pyarrow is not installed.
    """
    arrow, parquet = _arrow(path)
    if journal_of(path).exists() or not path.exists():
        return False
    try:
        with (
            parquet.ParquetFile(path) as file,
            replacing(journal_of(path)) as part,
            part.open("w", encoding="utf-8") as lines,
        ):
            for batch in file.iter_batches(_ROWS):
                lines.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in batch.to_pylist())
    except arrow.ArrowException as error:
        raise UserError(f"{path} is no Parquet file ({brief(error)}); choose another --out") from error
    return True


def finish(path: Path, columns: Sequence[str], *, texts: Iterable[str] = ()) -> None:
    """Make the file of its journal, which then goes; it appears whole or not at all.

    Args:
        path: the file.
        columns: in their order.
        texts: those that hold text besides the answers' own.

    Raises:
        OSError: if it cannot be written.
    """
    arrow, parquet = _arrow(path)
    kinds = {**dict.fromkeys((*_TEXT, *texts), arrow.string()), **dict.fromkeys(_TRUTH, arrow.bool_())}
    schema = arrow.schema([(name, kinds.get(name, arrow.float64())) for name in columns])
    with (
        replacing(path) as part,
        parquet.ParquetWriter(part, schema) as writer,
        journal_of(path).open(encoding="utf-8") as lines,
    ):
        while some := list(islice(lines, _ROWS)):
            writer.write_table(arrow.Table.from_pylist([json.loads(line) for line in some], schema))
    journal_of(path).unlink()


def _arrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(
            f"--out {path} needs pyarrow: pip install 'multimodal-ser[parquet]', or choose .csv or .jsonl"
        ) from error
    return pyarrow, parquet
