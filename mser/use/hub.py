"""Where a model folder lies: here, or on the Hugging Face hub, whence it is fetched once. Imports no torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mser.encoders.hub_access import hub_answers
from mser.errors import UserError
from mser.use.settings import is_url

FILES = ["config.json", "README.md", "*.safetensors", "*.onnx*", "speech/*", "text/*"]
"""What of a repository is fetched: whatever else somebody put there is none of a model folder's."""


def local_folder(name: str | Path, **where: Any) -> Path:
    """Return the folder of a model.

    Args:
        name: a folder, or an id of the hub such as ``someone/their-model``; what was fetched before needs no network.
        where: ``revision``, ``token`` and other options of `huggingface_hub.snapshot_download`.

    Raises:
        UserError: if it is neither here nor there.
    """
    if is_url(name):
        raise UserError(f"{name} is a URL, expected the folder of a model or its hub id, such as someone/their-model")
    if Path(name).exists() or not re.fullmatch(r"[\w.-]+/[\w.-]+", str(name)):
        return Path(name)
    hub_answers()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(name), allow_patterns=FILES, **where))
    # Besides its own errors, the client lets those of the network through, which are of several libraries.
    except Exception as error:
        message = (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
        raise UserError(
            f"{name} is neither a folder here nor could it be had from the Hugging Face hub ({message}); check the "
            f"name, or give a folder that `mser export` made"
        ) from error
