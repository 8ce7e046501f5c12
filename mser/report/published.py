"""What others report on the same corpus and labels, beside a run's own scores; never ranked across protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import msgspec

from mser.report.json_layout import FLAT, KNOWN
from mser.report.summary import Summary
from mser.scoring.measures import measure, shown, with_name


@dataclass(frozen=True)
class Result:
    """What others report; shares in 0..1.

    Attributes:
        system: whose.
        hears: speech, text or both.
        protocol: in words.
        same_as: which of ours it is, if any.
        scores: by name.
        source: where it is stated.
        paper: whether the paper that mser makes usable, or its code, states it.
        note: what must be known beside.
        floor: what a constant answer scores there; of the paper's.
    """

    system: str
    hears: str
    protocol: str
    same_as: str | None
    scores: Mapping[str, float]
    floor: float | None = field(default=None, metadata=KNOWN, kw_only=True)
    source: str
    paper: bool
    note: str | None


@dataclass(frozen=True)
class Stated:
    """What is known to be published of a task: of a `corpus` of so many `utterances`, in the order of the file."""

    corpus: str
    utterances: int
    results: Sequence[Result]


@dataclass(frozen=True)
class Compared:
    """A published result, and what the runs have to say of the paper's; None of others."""

    result: Result = field(metadata=FLAT)
    ours: str | None


@dataclass(frozen=True)
class Size:
    """How many utterances the corpus has `here` and the `published` one."""

    here: int
    published: int


@dataclass(frozen=True)
class Published:
    """What is published of what the runs were asked.

    Attributes:
        whole: whether the runs' corpus has (but for a hundredth) as many utterances as the published one, without which
            nothing compares.
        utterances: of both.
        columns: the scores that others state.
        rows: the results.
        above: a sentence for every run that is better than anything published, which is more often a leak than a
            discovery.
    """

    whole: bool
    utterances: Size
    columns: Sequence[str]
    rows: Sequence[Compared]
    above: Sequence[str]


def published(corpus: str, label_set: str) -> Stated | None:
    """Return what is known to be published of a task, or None.

    Example:
        >>> published("iemocap", "iemocap4").results[0].scores
        {'mean_binary_accuracy': 0.75458}
    """
    stated = _all().get(label_set)
    return stated if stated and stated.corpus == corpus else None


@cache
def _all() -> dict[str, Stated]:
    return msgspec.json.decode((files("mser.report") / "published.json").read_bytes(), type=dict[str, Stated])


def beside(runs: Sequence[Summary]) -> Published | None:
    """Return what is published of what the runs were asked, with the best run's figure beside each of the paper's.

    Args:
        runs: of one question; None if nothing is known of it.
    """
    stated = published(runs[0].protocol.corpus, runs[0].protocol.label_set)
    if stated is None:
        return None
    results, size = stated.results, sum(runs[0].folds[0].utterances.values())
    whole = abs(size - stated.utterances) <= 0.01 * stated.utterances
    whole_runs = [run for run in runs if whole and run.complete and run.part == "test"]
    return Published(
        whole=whole,
        utterances=Size(here=size, published=stated.utterances),
        columns=list(dict.fromkeys(name for result in results if not result.paper for name in result.scores)),
        rows=[Compared(result, _ours(result, whole_runs) if result.paper else None) for result in results],
        above=[line for run in whole_runs for line in _above(run, results)],
    )


def _ours(stated: Result, known: Sequence[Summary]) -> str:
    """Return what the runs have to say of the one number that the paper or its code states."""
    ((name, value),) = stated.scores.items()
    same = [run for run in known if run.protocol.name == stated.same_as]
    means = [(run.name, mean) for run in same if (mean := _mean(run, name)) is not None]
    if not means:
        objective = ", objective OneVsRest" if name == "mean_binary_accuracy" else ""
        return f"not run here; it takes the whole corpus, {stated.same_as}{objective}"
    title, mean = max(means, key=lambda one: measure(name).better * one[1])
    difference = mean - value
    sign = "−" if difference < 0 else "+"
    return f"{title}: {shown(name, mean)} ({sign}{shown(name, abs(difference))})"


def _mean(run: Summary, name: str) -> float | None:
    binary = run.full.by_label.binary
    figure = run.overall.get(name) or (binary and binary.scores.get(name))
    return figure.mean if figure else None


def _above(run: Summary, stated: Sequence[Result]) -> list[str]:
    """Return the warning for the first headline score that others report too, if it is better than all of theirs."""
    for name in run.headline:
        others = [result.scores[name] for result in stated if name in result.scores]
        if others:
            mine = run.overall[name].mean
            best = max(others, key=lambda value: measure(name).better * value)
            better = mine is not None and measure(name).better * (mine - best) > 0
            return [_warning(run.name, with_name(name, mine), with_name(name, best))] if better else []
    return []


def _warning(name: str, mine: str, best: str) -> str:
    return (
        f"{name} scores {mine}, better than anything known to be published on these labels under any protocol "
        f"({best}): look for a leak before believing it."
    )
