"""Whether the weights of a model folder are those that its id was made of."""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import Path

from mser.use.settings import FILE, Settings

log = logging.getLogger(__name__)


def warn_of_others(settings: Settings, folder: Path) -> None:
    """Say where weights were put in place of others: they may fit and still be another model's, with other labels.

    Only a warning: weights that somebody changed on purpose are a model too.
    """
    if settings.is_onnx or not re.fullmatch("[0-9a-f]{12}", settings.id):
        return
    digest = hashlib.sha256()
    for member in settings.members:
        with (folder / member.weights).open("rb") as file:
            while part := file.read(1 << 24):
                digest.update(part)
    digest_there = digest.hexdigest()[:12]
    if digest_there != settings.id:
        log.warning(
            "%s: its weights are not those that %s was written with (%s, not %s): they may be another model's; copy "
            "the whole folder again if nobody changed them on purpose", folder, FILE, digest_there, settings.id,
        )  # fmt: skip
