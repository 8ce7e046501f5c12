"""What lies where in a run's folder: the one place that spells it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mser.errors import UserError

FOLDER = "robustness"
FACTS = "facts.json"


def model_digest(fold: Path) -> str:
    """Return what tells a fold's model from that of a later try: the digest of its ``metrics.json``.

    Raises:
        UserError: if the fold is not finished.
    """
    try:
        return hashlib.sha256((fold / "metrics.json").read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise UserError(f"{fold} is not finished; run the same `mser crossval` again to resume it") from error
