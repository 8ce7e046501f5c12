"""How far an ONNX model is from the one it was made of: measured on recordings, for each export anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mser.corpora.table.rows import each_row
from mser.errors import UserError
from mser.export.folds import Trained
from mser.labels import LabelSet, ScoreSet, Task
from mser.manifest import Manifest
from mser.runs.folder import MANIFEST
from mser.scoring.temperature import Floats
from mser.tasks import score
from mser.use.clips import Clip
from mser.use.listed_clips import from_table, named
from mser.use.model import Model
from mser.use.settings import Settings

MOST = 200
"""Clips that are heard at most, spread over all there are."""


@dataclass(frozen=True)
class CheckedClips:
    """What both forms of a model are asked about.

    Attributes:
        clips: recordings with their transcripts.
        target: as `mser.tasks.score` takes it, where the truth is known of all of them.
        called: what they are, for a reader.
    """

    clips: Sequence[Clip]
    target: NDArray[Any] | None
    called: str

    @property
    def are_real(self) -> bool:
        """Whether somebody recorded them."""
        return any(isinstance(clip.audio, str | Path) or clip.audio is None for clip in self.clips)


def validation(trained: Trained) -> CheckedClips:
    """Return the validation part of the first fold, from where the run had its corpus."""
    root = Manifest.read(trained.run.folder / MANIFEST).root
    chosen = _spread(len(trained.val[0]))
    names = [trained.val[0].utterances[place] for place in chosen]
    utterances = [trained.run.utterances[name] for name in names]
    clips = [
        Clip(root / one.audio if one.audio else None, one.transcript, one.start, one.end, channel=one.channel)
        for one in utterances
    ]
    part = f"of {len(trained.val[0])} validation clips"
    return CheckedClips(clips, trained.val[0].target[chosen], part)


def table(path: Path, columns: dict[str, str], task: Task) -> CheckedClips:
    """Return the rows of a table, which may have a column ``label``.

    Raises:
        UserError: if it cannot be read.
    """
    label = columns.pop("label", "label")
    clips = list(named(from_table(path, columns)))
    chosen = _spread(len(clips))
    labels = [row.get(label, "") for _, row in each_row(path, columns)]
    comparable = isinstance(task, LabelSet) and all(labels[place] in task.labels for place in chosen)
    target = np.array([task.labels.index(labels[place]) for place in chosen]) if comparable else None
    return CheckedClips([clips[place] for place in chosen], target, f"of {len(clips)} clips of {path.name}")


def made_up(settings: Settings) -> CheckedClips:
    """Return noise of several lengths with some words, for a model that nobody gave recordings of."""
    noise = np.random.default_rng(0)
    clips = [
        Clip(
            0.1 * noise.standard_normal(8000 * number) if "speech" in settings.modalities else None,
            "well , " * number + "no",
            sample_rate=settings.sample_rate,
        )
        for number in range(1, 9)
    ]
    return CheckedClips(clips, None, "made-up clips")


def answers(model: Model, heard: CheckedClips) -> Floats:
    """Return (N, C) of the clips.

    Raises:
        UserError: if one of them cannot be used.
    """
    predictions = list(model.stream(heard.clips))
    if failed := [prediction.error for prediction in predictions if prediction.error]:
        raise UserError(
            f"{len(failed)} of {len(predictions)} clips to check with cannot be used, the first: {failed[0]}"
        )
    return np.array([list((prediction.scores or prediction.probabilities).values()) for prediction in predictions])


def cost(task: Task, target: NDArray[Any] | None, before: Floats, after: Floats) -> str:
    """Return what a smaller form of a model loses, in words.

    Args:
        task: what is asked.
        target: the truth, or None.
        before: (N, C) answers.
        after: (N, C) answers of the smaller form.
    """
    gap = (
        f"answers differ by {np.abs(after - before).mean():.2g} in the mean, at most {np.abs(after - before).max():.2g}"
    )
    if isinstance(task, ScoreSet):
        name, title, unit, same = "mae" if len(task.labels) == 1 else "ccc", "", "", ""
        title = name.upper()
    else:
        name, title, unit = ("ua", "UA", " %") if isinstance(task, LabelSet) else ("balanced_accuracy", "UA", " %")
        decided = [_decision(task, one) for one in (before, after)]
        same = f"the decision is the same on {(decided[0] == decided[1]).all(axis=-1).mean():.1%}; "
    if target is None:
        return f"{same}{gap}; no labels were given to score them by"
    scale = 100 if unit else 1
    old, new = (scale * score(task, target, one)[name] for one in (before, after))
    digits = 1 if unit else 3
    return f"{same}{gap}; {title} {old:.{digits}f}{unit} becomes {new:.{digits}f}{unit} ({new - old:+.{digits}f})"


def _decision(task: Task, answers: Floats) -> NDArray[Any]:
    return answers.argmax(1)[:, None] if isinstance(task, LabelSet) else answers > 0.5


def _spread(count: int) -> list[int]:
    places: Iterable[int] = np.linspace(0, count - 1, min(count, MOST)).round().astype(int).tolist()
    return list(places)
