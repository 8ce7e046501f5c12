"""What lies where in a run's folder: the one place that spells it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mser.errors import UserError

FOLDER = "robustness"
FACTS = "facts.json"


def config_of(fold: Path) -> Path:
    """Return where the options of ``RUN/seed<S>/fold<K>`` lie: with the run, or with the fold where each has its own.

    The folds of `mser sweep --test` come from several trials; the run's ``config.yaml`` then names a ``procedure``.

    Raises:
        UserError: if the run's cannot be read.
    """
    shared = fold.parents[1] / "config.yaml"
    try:
        each = any(line.startswith("procedure:") for line in shared.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {shared}: {' '.join(str(error).split())}; restore the file") from error
    return fold / "config.yaml" if each else shared


def model_digest(fold: Path) -> str:
    """Return what tells a fold's model from that of a later try: the digest of its ``metrics.json``.

    Raises:
        UserError: if the fold is not finished.
    """
    try:
        return hashlib.sha256((fold / "metrics.json").read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise UserError(f"{fold} is not finished; run the same `mser crossval` again to resume it") from error
