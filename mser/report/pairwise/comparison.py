"""Several runs side by side, which makes sense only where all of them were asked the same question."""

from __future__ import annotations

from collections.abc import Sequence

from mser.errors import UserError
from mser.report.pairwise.pairs import pairs
from mser.report.pairwise.verdicts import family, notes, told
from mser.runs.run import Json, Run
from mser.scoring.scorers import Judge


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


def comparison(runs: Sequence[Run], summaries: Sequence[Json], judged: Judge) -> Json:
    """Return the runs side by side.

    Returns:
        ``rows``, one per run in the order given, its scores null where it is partial; their ``pairs``; the ``family``
        that these are corrected for, in words; and ``notes`` of what differs between the runs.
    """
    rows = [
        {
            "name": run["name"],
            "complete": run["complete"],
            **run["model"],
            "seeds": len(run["seeds"]),
            **{name: run["overall"] and run["overall"][name] for name in run["columns"]},
            "seconds": run["cost"]["seconds"],
        }
        for run in summaries
    ]
    compared = pairs(runs, judged)
    decided = sum(pair["p"] is not None for pair in compared)
    return {
        "rows": rows,
        "pairs": [pair | {"sentence": told(pair, decided)} for pair in compared],
        "family": family(compared) if compared else "",
        "notes": notes(runs),
    }


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
        if (known := truth.get(utterance, label)) != label:
            return f"the truth of {utterance} is {known} and {label}"
    return None
