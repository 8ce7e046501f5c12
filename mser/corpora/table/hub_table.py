"""A data set of the Hugging Face hub as a table: its files are fetched once, and need no network afterwards."""

from __future__ import annotations

import re
from pathlib import Path

from mser.corpora.table.rows import FORMATS
from mser.errors import UserError, brief

_NAME = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(@(?P<revision>refs/\w+/\w+|[\w.-]+))?(/(?P<inside>.+))?")
_FILES = ["*.parquet", "*.arrow", "*dataset_dict.json", "*dataset_info.json", "*state.json"]
"""What of a data set is fetched where no part of it is named."""


def local_table(path: Path) -> Path:
    """Return where a table lies; what is neither here nor called like a data set of the hub is returned as it is.

    Args:
        path: a table, or the id of a data set such as ``someone/their-data``, behind which a revision (``@v1``) and a
            file or folder of it (``/data/train.parquet``) may follow. Beside a named table of text, all files are
            fetched, since it lists them.

    Raises:
        UserError: if the data set could not be had.
    """
    name = path.as_posix()
    name_parts = _NAME.fullmatch(name)
    if name_parts is None or path.exists() or (path.suffix in FORMATS and not name_parts["inside"]):
        return path
    if Path(path.parts[0]).exists():  # a file below a folder that is here is meant
        return path
    from huggingface_hub import snapshot_download

    inside = name_parts["inside"]
    patterns = [inside, f"{inside}/*"] if inside else _FILES
    if inside and inside.lower().endswith((".csv", ".tsv", ".jsonl")):
        patterns = ["*"]
    try:
        folder = snapshot_download(
            name_parts["id"], repo_type="dataset", revision=name_parts["revision"], allow_patterns=patterns
        )
    # Besides its own errors, the client lets those of the network through, which are of several libraries.
    except Exception as error:
        raise UserError(
            f"{name} is neither a table here nor could it be had from the Hugging Face hub ({brief(error)}); check the "
            "name, or run once with a network"
        ) from error
    inside_folder = Path(folder, inside or "")
    if not inside_folder.exists():
        raise UserError(f"{name_parts['id']} has no {inside}, as far as it was fetched; check the name")
    return inside_folder
