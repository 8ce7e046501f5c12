"""The rows of an audformat database: labels by scheme from its tables, as the audformat library joins them.

The library would unpickle tables and build any object that a header names; here a header is plain YAML, and tables are
read from CSV and Parquet alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from mser.corpora.table.shards import SPLIT_WORDS
from mser.errors import UserError, brief, one_of

HEADER = "db.yaml"
"""What the header of a database is called, in the folder that its media are relative to."""
_TABLES = (".parquet", ".csv")
_CUSTOMARY = {"label": ("emotion",), "transcript": ("transcription", "text")}
TableOptions = Mapping[str, str | Sequence[str] | None]
Key = tuple[str, float, float | None]
"""A file, and the seconds from and to which it is meant."""


def is_audformat(path: Path) -> bool:
    """Return whether it is a database: a folder with a header, or a header of any name."""
    return (path / HEADER).is_file() or path.suffix.lower() in (".yaml", ".yml")


def audformat_columns(path: Path, options: TableOptions) -> list[str]:
    """Return the names of the columns that `audformat_rows` gives.

    Raises:
        UserError: as `audformat_rows` does.
    """
    db = _opened(path)
    return ["audio", "start", "end", *(["split"] if db.splits else []), *_names(db, options)]


def audformat_rows(path: Path, options: TableOptions) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a row for each file or segment that has the label, with the file as its place.

    Columns are ``audio``, ``start`` and ``end`` in seconds, ``split`` where the table is of a part, and by their names
    the schemes, columns and fields of schemes (such as ``gender`` of a speaker), empty where they are not asked for.
    ``emotion`` is also the label, and ``transcription`` the transcript, where nothing is called so.

    Args:
        path: as `is_audformat` says.
        options: role to the name of its scheme or column; ``table`` to the tables to use, which may hold ``*``. Where
            none are named, they are all with the label, or of these the ones that are of a part.

    Raises:
        UserError: if audformat is not installed, the header or a table cannot be read, there is no such table, or
            tables say different things of one clip.
    """
    db = _opened(path)
    columns = _names(db, options)
    label = next((columns[name] for name in _label(options) if name in columns), "")
    tables = _chosen(path, db, options, label)
    if not {"label", "score"} & set(options) and not any(_has(db, table, label) for table in tables):
        columns, label = {name: column for name, column in columns.items() if column != label}, ""
    wanted = {name: column for name, column in columns.items() if name in _roles(options)}
    parted = "split" not in options and "split" not in wanted and any(map(_part(db), tables))
    rows: dict[Key, tuple[str, dict[str, Any]]] = {}
    for table in tables:
        part = {"split": _part(db)(table)} if parted else {}
        for key, cell in _labels(path, db, table, label, wanted):
            other, cells = rows.setdefault(key, (table, cell | part))
            if cells != cell | part:
                raise UserError(
                    f"{path}: its tables {other} and {table} say different things of {key[0]}; choose one with "
                    f"table: {table} (--columns table={table})"
                )
    for (file, start, end), (_, cells) in rows.items():
        yield file, {"audio": file, "start": start, "end": end, **dict.fromkeys(columns), **cells}


def _opened(path: Path) -> Any:
    try:
        import audformat
    except ImportError as error:
        raise UserError(
            f"{path} needs audformat to be read: pip install 'multimodal-ser[audformat]', or save its table as CSV"
        ) from error
    for kind in (DeprecationWarning, FutureWarning):  # of pandas, about what audformat asks it
        warnings.filterwarnings("ignore", category=kind, module=r"audformat\.")
    header = path / HEADER if path.is_dir() else path
    try:
        with header.open(encoding="utf-8") as file:
            db = audformat.Database.load_header_from_yaml(yaml.safe_load(file))
    except OSError as error:
        raise UserError(f"cannot read {header}: {error.strerror}") from error
    except Exception as error:  # what is wrong with a header, the library tells by whatever it runs into
        raise UserError(f"{header} is no header of an audformat database ({brief(error)})") from error
    with TemporaryDirectory() as safe:
        for name in [*db.misc_tables, *db.tables]:
            _load(db, name, header, Path(safe))
    return db


def _load(db: Any, name: str, header: Path, safe: Path) -> None:
    """Load a table from where there is no pickle of it, which would be preferred."""
    stem = f"{header.stem}.{name}"
    file = next(
        (candidate for candidate in (header.with_name(stem + suffix) for suffix in _TABLES) if candidate.is_file()),
        None,
    )
    if file is None or "/" in name:
        there = header.with_name(f"{stem}.pkl").is_file()
        problem = "is a pickle only, and none is opened" if there else f"has no file {stem}{' or '.join(_TABLES[::-1])}"
        raise UserError(f"{header}: its table {name[:40]} {problem}; save the database again with storage_format='csv'")
    (safe / file.name).symlink_to(file.absolute())
    try:
        db[name].load(str(safe / stem))
    except Exception as error:  # as with headers
        raise UserError(f"{file} is no table of {header} ({brief(error)}); save the database again") from error


def _names(db: Any, options: TableOptions) -> dict[str, str]:
    """Return what rows call a scheme, column or field, and what the database calls it."""
    fields = {
        field
        for scheme in db.schemes.values()
        if isinstance(scheme.labels, dict)
        for label in scheme.labels.values()
        if isinstance(label, dict)
        for field in label
    }
    columns = [column for table in db.tables.values() for column in table.columns]
    names = {name: name for name in dict.fromkeys([*db.schemes, *columns, *sorted(fields)])}
    taken_names = {name for role, option in options.items() if role != "table" for name in _listed(option)}
    for role, customary in _CUSTOMARY.items():
        name_there = next((name for name in customary if name in names), None)
        if name_there and role not in names and role not in options and name_there not in taken_names:
            names[role] = names.pop(name_there)
    return names


def _listed(option: str | Sequence[str] | None) -> list[str]:
    return [option] if isinstance(option, str) else list(option or ())


def _label(options: TableOptions) -> list[str]:
    return _listed(options.get("label")) or _listed(options.get("score")) or ["label", "score"]


def _roles(options: TableOptions) -> set[str]:
    usual = {"label", "score", "transcript", "speaker", "split", "group", "fold"} - set(options)
    return usual | {name for role, option in options.items() if role != "table" for name in _listed(option)}


def _part(db: Any) -> Callable[[str], str]:
    """Return what tells the part, ``train``, ``val`` or ``test``, that a table is of; empty where it is of none."""
    return lambda table: SPLIT_WORDS.get(db.splits[part].type, "") if (part := db.tables[table].split_id) else ""


def _chosen(path: Path, db: Any, options: TableOptions, label: str) -> list[str]:
    """Return the tables that are asked for, or that have the label."""
    patterns = [pattern for option in _listed(options.get("table")) for pattern in option.split(",")]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in db.tables):
            raise one_of(f"table of {path}", pattern, list(db.tables))
    if patterns:
        return [name for name in db.tables if any(fnmatchcase(name, pattern) for pattern in patterns)]
    tables = [name for name in db.tables if _has(db, name, label)]
    return tables if "split" in options else list(filter(_part(db), tables)) or tables


def _has(db: Any, name: str, label: str) -> bool:
    if not label:
        return bool(db.tables[name].columns)
    try:
        return not db.get(label, tables=[name], map=False).empty
    except (ValueError, TypeError):  # it has it more than once; what that means is said when it is read
        return True


def _labels(
    path: Path, db: Any, table: str, label: str, wanted: Mapping[str, str]
) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield the rows of one table, joined with what other tables say of the same clips."""
    first = label or next(iter(db.tables[table].columns), "")
    others = [name for name in dict.fromkeys(wanted.values()) if name != first]
    try:
        frame = db.get(first, others, tables=[table])
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{path}: its table {table} says several things of one clip ({brief(error)}); name one column, such as "
            f"label: {next(iter(db.tables[table].columns), first)}"
        ) from error
    if frame.empty:
        raise UserError(f"{path}: its table {table} has no {first or 'columns'}; choose another (--columns table=)")
    for index, values in zip(frame.index, frame.to_dict("records"), strict=True):
        file, start, end = index if isinstance(index, tuple) else (index, None, None)
        key = (str(file), _seconds(start) or 0.0, _seconds(end))
        cells = {name: values.get(column) for name, column in wanted.items()}
        yield key, {name: None if cell != cell else cell for name, cell in cells.items()}  # a missing one is NaN


def _seconds(time: Any) -> float | None:
    seconds = None if time is None else time.total_seconds()
    return None if seconds is None or isnan(seconds) else round(seconds, 9)
