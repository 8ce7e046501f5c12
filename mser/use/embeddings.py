"""What a model makes of a clip before it answers: the vector of an encoder, its frames, or both sides' fused vector."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from mser.errors import UserError
from mser.use.clips import Clip
from mser.use.engine import Engine, Side
from mser.use.prepared import Ready
from mser.use.settings import Settings

_SECOND: Final = 16_000


def require_embeddings(engine: Engine, settings: Settings, of: Side, *, frames: bool) -> None:
    """Refuse what a model has no embeddings of.

    Args:
        engine: of a model folder.
        settings: what the folder says.
        of: which vector.
        frames: whether each state of a side is asked for instead of one vector.

    Raises:
        UserError: if there are no such embeddings, or several.
    """
    if of not in ("fused", "speech", "text"):
        raise UserError(f"embeddings are of fused, speech or text, not of {of!r}")
    if of != "fused" and of not in settings.modalities:
        raise UserError(f"this model has no {of} encoder, so there are no embeddings of it; ask for another")
    if frames and of == "fused":
        raise UserError("the fused vector has no frames; ask for those of speech or text")
    members = len(settings.members)
    if members > 1 and (of == "fused" or not _alike(engine, of, members)):
        raise UserError(
            f"this is an ensemble of {members} models, whose embeddings are not comparable; export one of them"
        )


_COMPARED: WeakKeyDictionary[Engine, dict[Side, bool]] = WeakKeyDictionary()
"""Which encoders of an ensemble were found alike."""


def _alike(engine: Engine, of: Side, members: int) -> bool:
    """Return whether an encoder says the same in all members, as it does where it was frozen: asked, not compared."""
    compared = _COMPARED.setdefault(engine, {})
    if of not in compared:
        noise = 0.1 * np.random.default_rng(0).standard_normal(_SECOND).astype(np.float32)
        probe = Ready(Clip(None), noise, "so it is", ("speech", "text"), 1.0)
        compared[of] = all(
            np.array_equal(
                engine.embedding(probe, of, frames=frames), engine.embedding(probe, of, frames=frames, member=other)
            )
            for other in range(1, members)
            for frames in (False, True)
        )
    return compared[of]


def embedding(
    engine: Engine, settings: Settings, clip: Ready, of: Side = "fused", *, frames: bool = False
) -> NDArray[np.float32]:
    """Return (D,) of a clip, or (T, D) of its frames or tokens: computed by itself, so no other clip changes it.

    Args:
        engine: of a model folder.
        settings: what the folder says.
        clip: the clip, as it was made ready.
        of: ``fused`` is what the head answers by, ``speech`` or ``text`` what that encoder says.
        frames: each state of the side instead of its summary.

    Raises:
        UserError: if there is no such embedding, or the clip lacks the side.
        MemoryError: if the clip is too large for the device.
    """
    require_embeddings(engine, settings, of, frames=frames)
    if of != "fused" and of not in clip.sides:
        raise UserError(f"there is no {of} to embed")
    return engine.embedding(clip, of, frames=frames)
