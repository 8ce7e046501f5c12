"""Transcripts as token ids and ragged rows as rectangles, without torch and transformers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.encoders.hashing import PAD, hashed
from mser.errors import UserError, brief

Ids = Callable[[str, int], list[int]]
"""From a transcript and the most tokens allowed to ids; a cut transcript keeps its closing token."""
FILE = "tokenizer.json"


def token_ids(folder: Path, name: str) -> tuple[Ids, int]:
    """Return what turns transcripts into the ids of a text encoder, and the id that fills up shorter ones.

    Args:
        folder: of the encoder, as ``mser export`` keeps it.
        name: of the encoder in the settings.

    Raises:
        UserError: if the folder's tokenizer cannot be read.
    """
    if name == "tiny":
        return hashed, PAD
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / FILE))
        pad = _pad(folder, tokenizer.token_to_id)
    except Exception as error:  # tokenizers raises bare exceptions
        raise UserError(f"cannot read the tokenizer {folder / FILE}: {brief(error)}; export the model again") from error
    tokenizer.no_padding()

    def ids(text: str, most: int) -> list[int]:
        tokenizer.enable_truncation(most)
        return list(tokenizer.encode(text).ids) or [pad]  # tokenizers of causal models add nothing to an empty text

    return ids, pad


def _pad(folder: Path, id_of: Callable[[str], int | None]) -> int:
    """Return the id to pad with, which is the one that `PretrainedTokenizer` takes."""
    config, named = (
        json.loads((folder / name).read_text(encoding="utf-8")) if (folder / name).is_file() else {}
        for name in ("config.json", "tokenizer_config.json")
    )
    texts = [named.get(f"{role}_token") for role in ("pad", "eos", "unk")]
    own, *others = (
        None if text is None else id_of(text["content"] if isinstance(text, dict) else text) for text in texts
    )
    return next((int(number) for number in (own, config.get("pad_token_id"), *others) if number is not None), 0)


def padded(rows: Sequence[NDArray[Any]], fill: np.generic) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return rows (N,) of any lengths as (B, longest), and where they are real.

    Example:
        >>> padded([np.array([1, 2]), np.array([3])], np.int64(0))
        (array([[1, 2],
               [3, 0]]), array([[ True,  True],
               [ True, False]]))
    """
    lengths = np.array([len(row) for row in rows])
    real = np.arange(lengths.max()) < lengths[:, None]
    whole = np.full(real.shape, fill)
    whole[real] = np.concatenate(rows)
    return whole, real
