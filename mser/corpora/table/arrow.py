"""The rows of Parquet and Arrow files, also with the recordings inside, as Hugging Face's data sets have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mser.audio.embedded import EmbeddedRecordings
from mser.corpora.table.shards import Shard, shards_of
from mser.errors import UserError, brief
from mser.files.json_fields import loads

_ROWS, _RECORDINGS = 4096, 16  # rows in memory at a time, and rows with recordings
_BUFFER = 1 << 20  # bytes of a column that are read at a time, however long its row group is
Cells = dict[str, Any]


def arrow_columns(path: Path) -> list[str]:
    """Return the names of the columns that `arrow_rows` gives, but for the names of recordings.

    Raises:
        UserError: as `arrow_rows` does.
    """
    shards = shards_of(path)
    columns = dict.fromkeys(name for shard in shards for name in _columns(shard.path, _opened(shard.path)[0]))
    return [*columns, *(["split"] if shards[0].split and "split" not in columns else [])]


def arrow_rows(path: Path, audio: str) -> Iterator[tuple[int | str, Cells]]:
    """Yield the rows with their places; no more than a few of them are held at a time.

    The cell of a recording is the file that it is kept in, or the path that the table gives; ``AUDIO.path`` is what a
    recording that lies in the table is called. Fields of structs are columns such as ``meta.age``; lists and bytes are
    left out. A label is the name that the schema gives it. Where there are several files, their names tell the split.

    Args:
        path: a file, or a folder of files.
        audio: the column of the recordings.

    Raises:
        UserError: if pyarrow is not installed, a file is missing or damaged, or a recording cannot be kept.
    """
    shards = shards_of(path)
    names = _Names(EmbeddedRecordings(path, sum(shard.path.stat().st_size for shard in shards)), set())
    for shard in shards:
        for number, cells in _rows(shard, audio, names):
            if shard.split:
                cells.setdefault("split", shard.split)
            yield number if shard.path == path else f"{number} of {shard.name}", cells


@dataclass(frozen=True, slots=True)
class _Names:
    """The recordings of a table, and what they are called so far."""

    recordings: EmbeddedRecordings
    taken: set[str]

    def cells(self, scalar: Any, audio: str, place: str) -> Cells:
        """Return the cells of one recording; where nothing tells its name, or another has it, it is the place."""
        content, path = scalar, ""
        if hasattr(scalar, "keys"):
            held = dict(scalar.items()) if scalar.is_valid else {}
            content, path = held.get("bytes"), str((held["path"].as_py() if "path" in held else "") or "").strip()
        name = _called(path)
        if content is None or not content.is_valid:
            return {audio: path} if path else {audio: "", f"{audio}.path": place}
        if not name or name in self.taken:
            name = place
        self.taken.add(name)
        # Bytes, not the signed numbers that pyarrow says they are, which are equal to no bytes.
        return {audio: self.recordings.keep(memoryview(content.as_buffer()).cast("B"), name), f"{audio}.path": name}


def _called(path: str) -> str:
    """Return the name of a recording: a path on the machine of whoever made the table says nothing here.

    Example:
        >>> _called("/home/anna/a.wav"), _called("zip://b.wav::/tmp/b.zip"), _called("anna/a.wav")
        ('a.wav', 'b.wav', 'anna/a.wav')
    """
    inner = path.partition("::")[0]
    return inner.replace("\\", "/").rpartition("/")[2] if inner.startswith(("/", "~")) or ":" in inner else inner


def _rows(shard: Shard, audio: str, names: _Names) -> Iterator[tuple[int, Cells]]:
    schema, batches = _opened(shard.path)
    import pyarrow

    columns = _columns(shard.path, schema)
    held = audio in schema.names and _holds_audio(shard.path, schema.field(audio))
    labels = {name: known for name, known in _label_names(shard.path, schema).items() if columns.get(name)}
    if held:
        columns.pop(audio)
    plain = list(dict.fromkeys(where[0] for where in columns.values() if where))
    number = 0
    try:
        for batch in batches([*plain, audio] if held else plain, _RECORDINGS if held else _ROWS):
            values = {name: batch.column(name).to_pylist() for name in plain}
            for place in range(batch.num_rows):
                number += 1
                cells = {name: _cell(values, place, where) for name, where in columns.items()}
                for column, known in labels.items():
                    cells[column] = _label(cells[column], known, f"{shard.path}, row {number}: its {column}")
                if held:
                    cells |= names.cells(batch.column(audio)[place], audio, f"{shard.name}:{number}")
                yield number, cells
    except (pyarrow.ArrowException, ValueError) as error:
        raise UserError(f"{shard.path} is damaged ({brief(error)}); save it again") from error


def _opened(path: Path) -> tuple[Any, Any]:
    """Return a file's schema, and what gives batches of so many rows of some columns."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UserError(
            f"{path} needs pyarrow to be read: pip install 'multimodal-ser[parquet]', or save it as CSV"
        ) from error
    kind = "Parquet" if path.suffix.lower() == ".parquet" else "Arrow"
    try:
        if kind == "Parquet":
            file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
            schema = file.schema_arrow
            return schema, lambda names, size: file.iter_batches(size, columns=names)
        source = pyarrow.memory_map(str(path))
        if source.read(6) == b"ARROW1":
            reader = pyarrow.ipc.open_file(source)
            blocks: Iterable[Any] = map(reader.get_batch, range(reader.num_record_batches))
        else:
            source.seek(0)
            blocks = reader = pyarrow.ipc.open_stream(source)
        return reader.schema, lambda names, size: _slices(blocks, names, size)
    except (pyarrow.ArrowException, ValueError) as error:
        raise UserError(f"{path} is no {kind} file ({brief(error)}); save it again") from error


def _slices(blocks: Iterable[Any], names: list[str], size: int) -> Iterator[Any]:
    for block in blocks:
        for start in range(0, block.num_rows, size):
            yield block.slice(start, size).select(names)


def _columns(path: Path, schema: Any) -> dict[str, tuple[str, ...]]:
    """Return the columns that can be text, and where in a row they are; nowhere for what holds files."""
    names = [name.strip() for name in schema.names]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise UserError(f"{path} has several columns {min(repeated)!r}; rename or delete all but one")
    return {".".join(where): where if leaf else () for field in schema for where, leaf in _leaves(field, ())}


def _leaves(field: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bool]]:
    from pyarrow import types

    path = (*above, field.name)
    if types.is_struct(field.type):
        children = [field.type.field(number) for number in range(field.type.num_fields)]
        if {"bytes", "path"} & {child.name for child in children}:
            yield path, False
        else:
            for child in children:
                yield from _leaves(child, path)
    elif _is_bytes(field.type):
        if not above:
            yield path, False
    elif not types.is_nested(field.type):
        yield path, True


def _is_bytes(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def _holds_audio(path: Path, field: Any) -> bool:
    """Return whether a column holds recordings, or structs that name them; false for paths."""
    from pyarrow import types

    if not types.is_nested(field.type):
        return _is_bytes(field.type)
    inside = {
        field_inside.name: field_inside.type for field_inside in map(field.type.field, range(field.type.num_fields))
    }
    content = inside.get("bytes")
    if types.is_struct(field.type) and {"bytes", "path"} & set(inside):
        if content is None or types.is_null(content) or _is_bytes(content):
            return True
    described = f"a struct of {', '.join(inside)}" if types.is_struct(field.type) else "of lists"
    raise UserError(
        f"{path}: its column {field.name} is {described}; expected paths, bytes, or a struct of bytes and path"
    )


def _cell(values: Mapping[str, list[Any]], place: int, where: tuple[str, ...]) -> Any:
    value_there = values[where[0]][place] if where else None
    for name in where[1:]:
        value_there = None if value_there is None else value_there.get(name)
    return value_there


def _label_names(path: Path, schema: Any) -> dict[str, list[str]]:
    """Return the names of the classes of each column of numbers, as the schema or the file beside it tells them."""
    try:
        info = loads((schema.metadata or {})[b"huggingface"])["info"]
    except (ValueError, KeyError, TypeError):
        try:
            info = loads((path.parent / "dataset_info.json").read_bytes())
        except (ValueError, OSError):
            return {}
    features = info.get("features") if isinstance(info, dict) else None
    return {
        column: [str(name) for name in about["names"]]
        for column, about in (features.items() if isinstance(features, dict) else ())
        if isinstance(about, dict) and about.get("_type") == "ClassLabel" and isinstance(about.get("names"), list)
    }


def _label(value: Any, names: list[str], where_told: str) -> Any:
    """Return the name of a class; None for the number that says that there is none."""
    if value is None or value == -1 or isinstance(value, str):
        return value if isinstance(value, str) else None
    if not isinstance(value, int) or not 0 <= value < len(names):
        raise UserError(f"{where_told} is {value}, but the schema names {len(names)} classes; save the data set again")
    return names[value]
