"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp
from typing import IO

from mser.errors import UserError


def write_text(path: Path, text: str) -> None:
    """Write a whole file or nothing: into a neighbour first, which then takes the file's name.

    Raises:
        UserError: if the folder cannot be written to or the disk is full.
    """
    neighbour = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        neighbour.write_text(text, encoding="utf-8")
        neighbour.replace(path)
    except OSError as error:
        with suppress(OSError):
            neighbour.unlink()
        raise UserError(f"cannot write {path}: {error.strerror}; choose another folder or make room") from error


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let a file appear whole or not at all: it is written beside its place, which it then takes.

    Args:
        path: its place.
        write: puts the content into an open file.

    Raises:
        OSError: if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        try:
            write(file)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


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
