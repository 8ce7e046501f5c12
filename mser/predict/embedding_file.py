"""``mser predict --embeddings``: a vector or the frames of each clip, in a NumPy or Parquet file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from mser.errors import UserError, brief, one_line
from mser.files.whole import replacing
from mser.predict.prediction_rows import distinct

if TYPE_CHECKING:
    from mser.use.clips import Clip
    from mser.use.engine import Side
    from mser.use.model import Model

SUFFIXES = (".npz", ".parquet")
_OWN = ("audio", "start", "end", "embedding", "frames")
_OTHER = "choose another name, or delete it"
_NO_ARROW = "Parquet needs pyarrow, which is not installed: pip install 'multimodal-ser[parquet]'"


def write_embeddings(
    model: Model, clips: Iterable[Clip], path: Path, of: Side, *, frames: bool, kept: Sequence[str] = ()
) -> tuple[int, int, str]:
    """Write a whole file or nothing; return how many clips it has, how many could not be used, and why the first.

    ``.npz`` holds ``audio``, ``start``, ``end`` (N,; NaN where the end is the file's) and ``embedding`` (N, D); of
    frames ``embedding`` is (all frames, D), and ``frames`` (N,) says how many each clip has. ``.parquet`` has a row per
    clip. What clips have `kept` of a table are arrays and columns of text.

    Raises:
        UserError: if the file is of another kind or cannot be written, or the model has no such embeddings.
    """
    from mser.use.embeddings import require_embeddings

    if path.suffix not in SUFFIXES:
        raise UserError(f"--embeddings {path}: expected a file that ends in {' or '.join(SUFFIXES)}")
    require_own(path)
    require_embeddings(model.engine, model.settings, of, frames=frames)
    rows: list[dict[str, Any]] = []
    failed, first, names = 0, "", distinct(kept, _OWN)
    for clip in clips:
        try:
            embedding = model.embed_clip(clip, of=of, frames=frames)
        except (UserError, MemoryError) as error:
            failed, first = failed + 1, first or f"{clip.called}: {one_line(error)}"
            continue
        own = {"audio": clip.called, "start": clip.start, "end": clip.end, "embedding": embedding}
        rows.append(own | {names[name]: cell for name, cell in clip.kept.items()})
    with replacing(path) as neighbour:
        write = _write_npz if path.suffix == ".npz" else _write_parquet
        write(neighbour, rows, frames=frames, texts=list(names.values()))
    return len(rows), failed, first


def require_own(path: Path) -> None:
    """Refuse to write over a file that holds no embeddings of `write_embeddings`.

    Raises:
        UserError: if there is such a file.
    """
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return
    try:
        own = {"audio", "start", "end", "embedding"} <= _names(path)
    except (OSError, ValueError, EOFError, BadZipFile) as error:  # pyarrow's own errors are ValueErrors
        raise UserError(f"--embeddings {path}: is there and holds no embeddings ({brief(error)}); {_OTHER}") from error
    if not own:
        raise UserError(f"--embeddings {path}: is there and holds something else than embeddings; {_OTHER}")


def _names(path: Path) -> set[str]:
    if path.suffix == ".npz":
        with ZipFile(path) as arrays:
            return {name.removesuffix(".npy") for name in arrays.namelist()}
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(_NO_ARROW) from error
    return set(parquet.read_schema(path).names)


def _write_npz(path: Path, rows: list[dict[str, Any]], *, frames: bool, texts: Sequence[str] = ()) -> None:
    every = [row["embedding"] for row in rows]
    arrays: dict[str, Any] = {
        "audio": np.array([row["audio"] for row in rows], dtype=np.str_),
        "start": np.array([row["start"] for row in rows], dtype=np.float64),
        "end": np.array([np.nan if row["end"] is None else row["end"] for row in rows], dtype=np.float64),
        "embedding": (np.concatenate if frames else np.stack)(every) if every else np.zeros((0, 0), np.float32),
    }
    arrays |= {name: np.array([row[name] for row in rows], dtype=np.str_) for name in texts}
    if frames:
        arrays["frames"] = np.array([len(frames_of_clip) for frames_of_clip in every])
    with path.open("wb") as file:
        np.savez(file, **arrays)


def _write_parquet(path: Path, rows: list[dict[str, Any]], *, frames: bool, texts: Sequence[str] = ()) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(_NO_ARROW) from error
    vector = pa.list_(pa.float32())
    kinds = {"audio": pa.string(), "start": pa.float64(), "end": pa.float64(),
             "embedding": pa.list_(vector) if frames else vector, **dict.fromkeys(texts, pa.string())}  # fmt: skip
    listed = [row | {"embedding": row["embedding"].tolist()} for row in rows]
    parquet.write_table(pa.Table.from_pylist(listed, schema=pa.schema(list(kinds.items()))), path)
