"""The files of a Hugging Face data set: one, a folder of Parquet or Arrow, or what ``datasets.save_to_disk`` wrote."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path

from mser.errors import UserError
from mser.files.json_fields import read_object

SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "validation", "valid", "dev", "devel", "development"), "val"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
"""What parts are called, to what they are called here."""
SUFFIXES = (".parquet", ".arrow")
_AGAIN = "copy the data set again"
_PART = re.compile(r"(.*)-(\d{5})-of-(\d{5})(\..*)")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of a data set.

    Attributes:
        path: where it lies.
        name: its path in the data set, with slashes.
        split: ``train``, ``val`` or ``test``; empty where the names tell no splits.
    """

    path: Path
    name: str
    split: str


def shards_of(path: Path) -> list[Shard]:
    """Return the files that a data set consists of, in the order of their rows.

    Raises:
        UserError: if one of them is missing, or there is none.
    """
    if not path.is_dir():
        return [Shard(path, path.name, "")]
    files = _saved(path) if (path / "dataset_dict.json").is_file() else _files(path)
    if not files:
        raise UserError(
            f"{path} is no table: expected a file, a folder with wav.scp, or one with files that end in "
            f"{' or '.join(SUFFIXES)}"
        )
    _require_all(path, files)
    shards = [Shard(file, name := file.relative_to(path).as_posix(), split_of(name)) for file in files]
    splits = {shard.split for shard in shards}
    if "" in splits and len(splits) > 1:
        other = next(shard.name for shard in shards if not shard.split)
        log.warning("%s: the name of %s tells no split, so those of the other files are not used either", path, other)
    return shards if "" not in splits and len(splits) > 1 else [replace(shard, split="") for shard in shards]


def _saved(path: Path) -> list[Path]:
    """Return the files of a data set that was saved with its splits, each in a folder of its own."""
    splits = read_object(path / "dataset_dict.json", _AGAIN).get("splits")
    if not isinstance(splits, list) or not all(isinstance(split, str) for split in splits):
        raise UserError(f"{path / 'dataset_dict.json'} names no splits; {_AGAIN}")
    for split in splits:
        if Path(split).name != split or not (path / split).is_dir():
            raise UserError(f"{path} has no folder of the split {split[:40]!r}; {_AGAIN}")
    return [file for split in splits for file in _files(path / split)]


def _files(path: Path) -> list[Path]:
    if (path / "state.json").is_file():
        state = read_object(path / "state.json", _AGAIN)
        try:
            return [path / Path(listed["filename"]).name for listed in state["_data_files"]]
        except (KeyError, TypeError) as error:
            raise UserError(f"{path / 'state.json'} names no data files; {_AGAIN}") from error
    for suffix in SUFFIXES:
        # Names that begin so are what `datasets` computed from the data set, not the data set.
        files = [file for file in path.rglob(f"*{suffix}") if not file.name.startswith((".", "cache-", "tmp"))]
        if files := sorted(file for file in files if not any(part[0] == "." for part in file.relative_to(path).parts)):
            return files
    return []


def _require_all(path: Path, files: list[Path]) -> None:
    known = set(files)
    for file in files:
        if not file.is_file():
            raise UserError(f"{path} lacks {file.relative_to(path)}; {_AGAIN}")
        if part := _PART.fullmatch(file.name):
            start, number, end = part[1], int(part[3]), part[4]
            every = (
                file.with_name(f"{start}-{number_of_shard:05}-of-{number:05}{end}") for number_of_shard in range(number)
            )
            if absent := next((other for other in every if other not in known), None):
                raise UserError(f"{path} lacks {absent.relative_to(path)}, one of {number} parts; {_AGAIN}")


def split_of(name: str) -> str:
    """Return the part that a file's name tells, or else the folder that it is in.

    Example:
        >>> split_of("data/train-00000-of-00002.parquet"), split_of("default/validation/a.parquet"), split_of("a.arrow")
        ('train', 'val', '')
    """
    for part in reversed(name.lower().split("/")):
        for word in re.split(r"[^a-z]+", part):
            if word in SPLIT_WORDS:
                return SPLIT_WORDS[word]
    return ""
