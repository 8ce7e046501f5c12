"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp

from mser.errors import UserError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a neighbour to write to, which takes the name of the file at the end, if nothing went wrong.

    Any number of processes and machines may do so at a time: each has a neighbour of its own.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    neighbour = path.with_name(f".{path.name[:200]}.{token_hex(4)}")
    try:
        yield neighbour
        neighbour.replace(path)
    except BaseException:
        with suppress(OSError):
            neighbour.unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write a whole file or nothing.

    Raises:
        UserError: if the folder cannot be written to or the disk is full.
    """
    try:
        with replacing(path) as neighbour:
            neighbour.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another folder or make room") from error


@contextmanager
def new_folder(out: str | Path) -> Iterator[Path]:
    """Give an empty folder to fill, which gets the name `out` at the end, if nothing went wrong.

    Raises:
        UserError: if there is something at `out` already, or it cannot be written.
    """
    out = Path(out)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UserError(f"{str(out)!r} exists, expected a new folder; remove it or choose another name")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(mkdtemp(dir=out.parent, prefix=f".{out.name}."))
        try:
            yield part
            part.chmod(0o755)
            part.replace(out)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise UserError(
            f"cannot write {str(out)!r}: {error.strerror or error}; choose a folder that is writable and has room"
        ) from error
