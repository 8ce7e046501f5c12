"""Several runs side by side, which makes sense only where all of them were asked the same question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mser.errors import UserError
from mser.report.figures import Figure
from mser.report.json_layout import FLAT
from mser.report.pairwise.pair import Pair
from mser.report.pairwise.pairs import pairs
from mser.report.pairwise.verdicts import family, notes, sentence
from mser.report.summary import Model, Summary
from mser.runs.run import Run
from mser.scoring.scorers import Judge


@dataclass(frozen=True)
class Row:
    """A run beside others.

    Attributes:
        name: the run's.
        complete: whether it has figures.
        model: its parts.
        seeds: how many.
        scores: the figures that there is room for; None of a partial run.
        seconds: that all took.
    """

    name: str
    complete: bool
    model: Model = field(metadata=FLAT)
    seeds: int
    scores: Mapping[str, Figure | None] = field(metadata=FLAT)
    seconds: float | None


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        rows: one per run in the order given.
        pairs: every two complete ones.
        family: what these are corrected for, in words.
        notes: of what differs between the runs.
    """

    rows: Sequence[Row]
    pairs: Sequence[Pair]
    family: str
    notes: Sequence[str]


def require_comparable(runs: Sequence[Run]) -> None:
    """Accept runs that test the same utterances, with the same true labels, after training on the same ones.

    Raises:
        UserError: otherwise, or if a folder is given twice; it says what differs.
    """
    first, *others = runs
    seen = {first.folder.resolve()}
    for other in others:
        if other.folder.resolve() in seen:
            raise UserError(f"{other.folder} is given twice; name each run once")
        seen.add(other.folder.resolve())
        if difference := _difference(first, other):
            both = f"{first.folder} and {other.folder} cannot be compared: {difference}"
            raise UserError(f"{both}; report them one by one or run them under one protocol")


def comparison(runs: Sequence[Run], summaries: Sequence[Summary], judged: Judge) -> Comparison:
    """Return the runs side by side."""
    rows = [
        Row(
            name=run.name,
            complete=run.complete,
            model=run.model,
            seeds=len(run.seeds),
            scores={name: run.overall[name] if run.complete else None for name in run.columns},
            seconds=run.cost.seconds,
        )
        for run in summaries
    ]
    compared = pairs(runs, judged)
    decided = sum(pair.p is not None for pair in compared)
    return Comparison(
        rows=rows,
        pairs=[replace(pair, sentence=sentence(pair, decided)) for pair in compared],
        family=family(compared) if compared else "",
        notes=notes(runs),
    )


def _difference(first: Run, other: Run) -> str | None:
    a, b = first.plan, other.plan
    if first.part != other.part:
        kept, tested = (first, other) if first.part == "val" else (other, first)
        return f"{kept.name} left the test parts locked (--skip_test) and {tested.name} was tested"
    if (a.label_set, a.labels) != (b.label_set, b.labels):
        return f"the label set is {a.label_set} ({', '.join(a.labels)}) and {b.label_set} ({', '.join(b.labels)})"
    if a.protocol != b.protocol:
        return f"the protocol is {a.protocol} (digest {a.digest}) and {b.protocol} (digest {b.digest})"
    if a.digest != b.digest:
        return (
            f"both say {a.protocol}, but {_fold_difference(first, other)}; their digests are {a.digest} and {b.digest}"
        )
    return _truth_difference(first, other)


def _fold_difference(first: Run, other: Run) -> str:
    a, b = first.plan.folds, other.plan.folds
    if len(a) != len(b):
        return f"one has {len(a)} folds and the other {len(b)}"
    for one, two in zip(a, b, strict=True):
        for part in ("train", "val", "test"):
            if differing := set(getattr(one, part)) ^ set(getattr(two, part)):
                return f"{len(differing)} utterances are in {part} of fold {one.number} of only one of them"
    return "their folds have other names or orders"


def _truth_difference(first: Run, other: Run) -> str | None:
    truth = first.truth()
    for utterance, label in other.truth().items():
        if (agreed := truth.get(utterance, label)) != label:
            return f"the truth of {utterance} is {agreed} and {label}"
    return None
