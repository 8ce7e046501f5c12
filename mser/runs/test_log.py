"""How often the test part of each fold has been opened: one line each time, never taken back. Knows no torch."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from mser.errors import UserError
from mser.files.json_fields import loads
from mser.runs.folder import PROTOCOL, TESTED, run_of


def record(folder: Path, *, fold: int, seed: int, checkpoint: str) -> None:
    """Add a line to the run's ``tested.jsonl``, or to the folder's own where it belongs to no run.

    The file lies in the run's folder, not the fold's: it outlives a fold that is deleted to be run again.

    Args:
        folder: the fold's, ``RUN/seed<S>/fold<K>``, or that of a single `mser fit`.
        fold: whose test part was opened.
        seed: of the model that was tested.
        checkpoint: its weights.

    Raises:
        UserError: if the file cannot be written.
    """
    run = run_of(folder)
    path = (run if (run / PROTOCOL).is_file() else folder) / TESTED
    line = {"seed": seed, "fold": fold, "time": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Appended in a single write: folds that end at the same time do not lose each other's lines.
        with path.open("ab", buffering=0) as file:
            file.write(json.dumps(line | {"checkpoint": checkpoint}).encode() + b"\n")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; a test that is not counted does not count") from error


def counts(run: Path) -> dict[tuple[int, int], int] | None:
    """Return how often the test part was opened by seed and fold; None for a run that did not keep count.

    Raises:
        UserError: if a line of the file says nothing.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as run:
        ...     record(Path(run), fold=2, seed=1, checkpoint="best.ckpt")
        ...     record(Path(run), fold=2, seed=1, checkpoint="best.ckpt")
        ...     counts(Path(run))
        {(1, 2): 2}
    """
    path = run / TESTED
    if not path.is_file():
        return None
    try:
        lines = [loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        return dict(Counter((int(line["seed"]), int(line["fold"])) for line in lines))
    except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise UserError(
            f"{path} is no list of tests ({error}); restore the file, it says what was looked at"
        ) from error
