"""The files in which folds are listed, as EmoBox, EMO-SUPERB and people of one's own have them."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mser.errors import UserError

_SUPERB_FOLDS = 5  # further files of the same name are other experiments
_SUPERB_PARTS = {"Train": "train", "Development": "val", "Test": "test", "Test1": "test"}
_MELD_PARTS = {"train_splits": "train", "dev_splits_complete": "dev", "output_repeated_splits_test": "test"}
_IDS = ("utterance", "id", "audio")


@dataclass(frozen=True)
class ListedFold:
    """The ids of one fold.

    Attributes:
        name: of the fold.
        train: what is trained on, and for validation too where `val` is None.
        val: for validation.
        test: what is tested.
    """

    name: str
    train: frozenset[str]
    val: frozenset[str] | None
    test: frozenset[str]


def emobox(path: Path, dataset: str) -> list[ListedFold]:
    """Return the folds of a data set that lie in EmoBox's folder, its ``data``, or the data set's own.

    Raises:
        UserError: if there are none, or a list is missing or damaged.
    """
    places = (path / "data" / dataset, path / dataset, path)
    root = next((place for place in places if (place / "fold_1").is_dir()), None)
    if root is None:
        raise UserError(f"{path} has no folds of EmoBox: looked for {dataset}/fold_1 in it; give EmoBox's folder")
    lists = []
    for number in range(1, 1 + sum(1 for _ in root.glob("fold_*"))):
        folder = root / f"fold_{number}"
        parts = {part: _emobox_ids(folder, dataset, part, number) for part in ("train", "valid", "test")}
        for part in ("train", "test"):
            if parts[part] is None:
                expected = f"{dataset}_{part}_fold_{number}.jsonl"
                raise UserError(f"{folder} lacks {expected}; get EmoBox's folder again")
        train, test = parts["train"] or frozenset(), parts["test"] or frozenset()
        lists.append(ListedFold(f"fold{number}", train, parts["valid"], test))
    return lists


def _emobox_ids(folder: Path, dataset: str, part: str, number: int) -> frozenset[str] | None:
    """Return the ids of one list; of EmoDB's two spellings that of the others counts, which holds other ids."""
    for spelling in (f"fold_{number}", f"fold{number}"):
        path = folder / f"{dataset}_{part}_{spelling}.jsonl"
        if path.is_file():
            return frozenset(_emobox_id(row["wav"]) for row in _json_lines(path))
    return None


def _emobox_id(wav: str) -> str:
    """Return an id of ours by the path of a recording: MELD's names begin anew in each part."""
    path = PurePosixPath(wav)
    part = _MELD_PARTS.get(path.parent.name)
    return f"{part}_{path.stem}" if part else path.stem


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    for line, text in enumerate(_text(path).splitlines(), 1):
        try:
            row = json.loads(text)
            if not isinstance(row["wav"], str):
                raise TypeError("its wav is no path")
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f'{path}:{line} is no {{"wav": ...}} ({str(error)[:80]}); get the lists again') from error
        yield row


def emo_superb(path: Path, name: str) -> list[ListedFold]:
    """Return the folds of a data set that lie in EMO-SUPERB's folder, its ``data``, or a folder in that.

    Raises:
        UserError: if there are none.
    """
    folders = (one for top in (path / "data" / name, path / name, path) for one in (*sorted(top.glob("*")), top))
    root = next((one for one in folders if (one / "labels_consensus_1.csv").is_file()), None)
    if root is None:
        raise UserError(f"{path} has no {name}/*/labels_consensus_1.csv; give EMO-SUPERB's folder or its data")
    files = [root / f"labels_consensus_{number}.csv" for number in range(1, 1 + _SUPERB_FOLDS)]
    lists = []
    for number, file in enumerate((one for one in files if one.is_file()), 1):
        parts: dict[str, set[str]] = defaultdict(set)
        for row in _rows(file, ("FileName", "Split_Set")):
            parts[_SUPERB_PARTS.get(row["Split_Set"], "")].add(row["FileName"].removesuffix(".wav"))
        lists.append(ListedFold(f"fold{number}", *(frozenset(parts[part]) for part in ("train", "val", "test"))))
    return lists


def own(path: Path, _: str) -> list[ListedFold]:
    """Return the folds of a JSON file or of a table.

    Raises:
        UserError: if it is neither, has too few folds, or an utterance in two of them.
    """
    if path.suffix.lower() == ".json":
        return _own_json(path)
    by_fold: dict[str, set[str]] = defaultdict(set)
    where: dict[str, str] = {}
    for row in _rows(path, ("fold",)):
        name, fold = next((row[column] for column in _IDS if row.get(column)), ""), row["fold"]
        if not name or not fold:
            raise UserError(f"{path} has a row without {' or '.join(_IDS)}, or without fold; fill it in or delete it")
        if where.setdefault(name, fold) != fold:
            raise UserError(
                f"{path} has {name[:80]} in fold {where[name][:40]} and in fold {fold[:40]}; mend the table"
            )
        by_fold[fold].add(name)
    names = sorted(
        by_fold,
        key=lambda name_of_fold: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name_of_fold)],
    )
    if len(names) < 3:
        raise UserError(f"{path} has {len(names)} folds, which leave nothing to train on; expected at least 3")
    turns = zip(names, names[1:] + names[:1], strict=True)
    others = {
        name: frozenset().union(*(by_fold[name_of_fold] for name_of_fold in names if name_of_fold != name))
        for name in names
    }
    return [
        ListedFold(test, others[test] - by_fold[val], frozenset(by_fold[val]), frozenset(by_fold[test]))
        for test, val in turns
    ]


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts fold 10 behind fold 9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _own_json(path: Path) -> list[ListedFold]:
    try:
        rows = json.loads(_text(path))["folds"]
        parts = ("train", "val", "test")
        return [ListedFold(str(row["name"]), *(frozenset(map(str, row[part])) for part in parts)) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        expected = '{"folds": [{"name": ..., "train": [ids], "val": [ids], "test": [ids]}]}'
        raise UserError(f"{path} is no {expected} ({str(error)[:80]}); see `mser data folds --json`") from error


def _rows(path: Path, columns: Iterable[str]) -> Iterator[dict[str, str]]:
    lines = _text(path).splitlines()
    tab = "\t" if path.suffix.lower() == ".tsv" else ","
    reader = csv.DictReader(lines, delimiter=tab)
    if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
        has = ", ".join(reader.fieldnames or ("nothing",))[:200]
        raise UserError(f"{path} has no column {', '.join(missing)}, but {has}; give the lists of folds")
    for row in reader:
        yield {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"cannot read the lists of folds {path}: {getattr(error, 'strerror', None) or error}"
        ) from error
