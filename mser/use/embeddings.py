"""What a model makes of a clip before it answers: the vector of an encoder, its frames, or both sides' fused vector."""

from __future__ import annotations

from typing import Any, Literal, cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray

from mser.audio.decoding import SAMPLE_RATE
from mser.data.batch import Batch
from mser.errors import UserError
from mser.recognizer import EmotionRecognizer
from mser.use.clips import Clip
from mser.use.engine import Engine
from mser.use.prepared import Ready
from mser.use.torch_engine import TorchEngine, batched

Side = Literal["fused", "speech", "text"]


def require_embeddings(engine: Engine, of: Side, *, frames: bool) -> EmotionRecognizer:
    """Return the model that makes embeddings.

    Args:
        engine: of a model folder.
        of: which vector.
        frames: whether each state of a side is asked for instead of one vector.

    Raises:
        UserError: if it has no such embeddings, or several.
    """
    if not isinstance(engine, TorchEngine):
        raise UserError("a folder for ONNX Runtime gives answers alone; take embeddings of the folder it was made of")
    model = engine.members[0]
    if of not in ("fused", "speech", "text"):
        raise UserError(f"embeddings are of fused, speech or text, not of {of!r}")
    if of != "fused" and getattr(model, of) is None:
        raise UserError(f"this model has no {of} encoder, so there are no embeddings of it; ask for another")
    if frames and of == "fused":
        raise UserError("the fused vector has no frames; ask for those of speech or text")
    if len(engine.members) > 1 and (of == "fused" or not _alike(engine, of)):
        raise UserError(
            f"this is an ensemble of {len(engine.members)} models, whose embeddings are not comparable; export one of "
            "them"
        )
    return model


_COMPARED: WeakKeyDictionary[TorchEngine, dict[Side, bool]] = WeakKeyDictionary()
"""Which encoders of an ensemble were found alike."""


@torch.inference_mode()
def _alike(engine: TorchEngine, of: Side) -> bool:
    """Return whether an encoder says the same in all members, as it does where it was frozen: asked, not compared."""
    compared = _COMPARED.setdefault(engine, {})
    if of not in compared:
        noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
        probe = batched([Ready(Clip(None), noise, "so it is", ("speech", "text"), 1.0)], engine.device)
        first, *others = (_encoded(member, probe, of) for member in engine.members)
        compared[of] = all(
            torch.equal(first.states, other.states) and torch.equal(first.summary, other.summary) for other in others
        )
    return compared[of]


@torch.inference_mode()
def embedding(engine: Engine, clip: Ready, of: Side = "fused", *, frames: bool = False) -> NDArray[np.float32]:
    """Return (D,) of a clip, or (T, D) of its frames or tokens: computed by itself, so no other clip changes it.

    Args:
        engine: of a model folder.
        clip: the clip, as it was made ready.
        of: ``fused`` is what the head answers by, ``speech`` or ``text`` what that encoder says.
        frames: each state of the side instead of its summary.

    Raises:
        UserError: if there is no such embedding, or the clip lacks the side.
    """
    model = require_embeddings(engine, of, frames=frames)
    if of != "fused" and of not in clip.sides:
        raise UserError(f"there is no {of} to embed")
    batch = batched([clip], cast(TorchEngine, engine).device)
    if of == "fused":
        vector = _fused(model, batch)[0]
    else:
        encoded = _encoded(model, batch, of)
        vector = encoded.states[0][encoded.mask[0]] if frames else encoded.summary[0]
    return np.asarray(vector.float().cpu().numpy())


def _encoded(model: EmotionRecognizer, batch: Batch, of: Side) -> Any:
    return model._hear(batch) if of == "speech" else model._read(batch)


def _fused(model: EmotionRecognizer, batch: Batch) -> Any:
    """Return (B, D), what goes into the head."""
    seen: list[Any] = []
    handle = model.head.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        model(batch)
    finally:
        handle.remove()
    return seen[0]
