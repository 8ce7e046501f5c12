"""Folders that appear whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from mser.errors import UserError


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
