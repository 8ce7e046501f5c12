"""The label file of a made-up corpus, as CMU's Multimodal SDK writes it, and what a check must count in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mser.corpora.cmu.official_folds import official_folds
from mser.corpora.cmu.split_counts import count
from mser.corpora.corpus import MADE_UP
from mser.errors import UserError
from mser.manifest import Manifest, Utterance

_README = """This is no {title}: it is a made-up corpus in {title}'s folder shape.
The words are invented and spoken by the speech synthesizer espeak-ng; nothing of the real corpus is in it but the
names of videos, without which nothing would be in an official split.
"""


@dataclass(frozen=True, slots=True)
class Rated:
    """One row: when it is said, and its scores, sentiment first."""

    start: float
    end: float
    scores: Sequence[float]


def write_labels(path: Path, name: str, videos: Mapping[str, Sequence[Rated]]) -> None:
    """Write a ``.csd`` file.

    Raises:
        UserError: if h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise UserError(
            "label files need the package h5py, which is not installed; `pip install 'multimodal-ser[csd]'`"
        ) from error
    with h5py.File(path, "w") as file:
        for video, rows in videos.items():
            data = file.create_group(f"{name}/data/{video}")
            data.create_dataset("features", data=[row.scores for row in rows], dtype="float32")
            data.create_dataset("intervals", data=[(row.start, row.end) for row in rows], dtype="float64")
        file.create_dataset(f"{name}/metadata/root name", data=[json.dumps(name)])


def write_promise(root: Path, corpus: str, title: str, videos: Mapping[str, Iterable[Rated]]) -> None:
    """Write the README and the counts that `mser data check` compares the tree with."""
    splits = official_folds(corpus)
    utterances = [
        Utterance(f"{video}[{index}]", "", 0.0, "", video, video, split=splits.get(video, ""),
                  scores={"sentiment": row.scores[0]})
        for video, rows in videos.items() for index, row in enumerate(rows)
    ]  # fmt: skip
    counts = count(Manifest(corpus, root, tuple(utterances)))
    (root / "README.txt").write_text(_README.format(title=title), encoding="utf-8")
    (root / MADE_UP).write_text(json.dumps({"counts": counts}, indent=1) + "\n", encoding="utf-8")
