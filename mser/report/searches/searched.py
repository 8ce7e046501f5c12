"""What a search has to do with a run's scores: settings chosen by labels that are tested flatter themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, Literal

from mser.report.audit_findings import Finding
from mser.runs.folder import PROVENANCE
from mser.runs.run import Run
from mser.runs.search_record import Choice, Procedure, Searched, of_facts
from mser.scoring.measures import shown
from mser.splits.protocols import Fold


@dataclass(frozen=True)
class Origin:
    """Where a run's settings come from.

    Attributes:
        kind: ``winner``, one setting for all folds, or ``procedure``, each fold's own choice.
        by: which search.
        method: of it.
        trials: how many settings were compared.
        metric: by what.
        chose: how many of the judged utterances some fold validates on, so that their labels had a say in the winner;
            None where the search split the same corpus in another way.
        tested: how many are judged; None of a procedure.
        optimistic: whether the scores are; None where that cannot be told.
        choices: of a procedure each fold's.
        space: of a procedure what was searched.
    """

    kind: Literal["winner", "procedure"]
    by: str
    method: str
    trials: int
    metric: str
    chose: int | None
    tested: int | None
    optimistic: bool | None
    choices: Sequence[Choice] | None = None
    space: Mapping[str, Any] | None = None


def searched(run: Run) -> Origin | None:
    """Return where a run's settings come from; None for a run that no search tells of.

    Raises:
        UserError: if the run's ``run.json`` garbles it.
    """
    origin = of_facts(run.facts, run.folder / PROVENANCE)
    if origin is None:
        return None
    search = origin.search if isinstance(origin, Procedure) else origin
    described = (search.by, search.method, search.trials, search.metric)
    if isinstance(origin, Procedure):
        return Origin("procedure", *described, 0, None, optimistic=False, choices=origin.choices, space=origin.space)
    chose, tested = _chose(run, origin)
    return Origin("winner", *described, chose, tested, optimistic=None if chose is None else chose > 0)


def _chose(run: Run, search: Searched) -> tuple[int | None, int]:
    """Return how many of a run's judged utterances had a say in its settings, and how many are judged."""
    judged = {fold.number: fold for fold in (job.fold for job in run.jobs)}.values()
    if search.corpus != run.plan.corpus:
        return 0, overlap((), judged)[1]
    if run.part == "val":
        number = len({name for fold in judged for name in fold.val})
        return number, number
    validated = [fold for fold in run.plan.folds if fold.number in search.folds]
    chose, tested = overlap(validated, judged)
    return (chose if search.digest == run.plan.digest else None), tested


def overlap(validated: Iterable[Fold], judged: Iterable[Fold]) -> tuple[int, int]:
    """Return how many of the utterances that some folds test others validate on, and how many they test.

    Example:
        >>> one, two = Fold(1, "one", ("a",), ("b",), ("c",)), Fold(2, "two", ("a",), ("c",), ("b",))
        >>> overlap([one, two], [one, two]), overlap([one], [one])
        ((2, 2), (0, 1))
    """
    tested = {name for fold in judged for name in fold.test}
    return len(tested & {name for fold in validated for name in fold.val}), len(tested)


def finding(origin: Origin | None, *, part: str) -> Finding | None:
    """Return what a reader must know of the search behind a run's settings.

    Args:
        origin: what `searched` returns.
        part: ``test``, or ``validation`` for a run that left the test parts locked.

    Example:
        >>> origin = Origin("winner", "lr", "bayes", 20, "crossval/val_ua_mean", 344, 344, optimistic=True)
        >>> finding(origin, part="test").text.partition(":")[0]
        'Its settings were chosen on folds that are tested here'
    """
    if origin is None:
        return None
    won = f"the best of {origin.trials} trials by {origin.metric}"
    if origin.kind == "procedure":
        own = f"Each fold was tested with its own choice, {won} on its own validation part."
        return Finding("sound", f"{own} {PROPOSED}" if origin.method == "bayes" else own)
    if part == "validation":
        return Finding("note", f"Its settings were chosen on this very part, as {won}: optimistic.")
    if origin.optimistic is None:
        return Finding(
            "note",
            f"Its settings are {won}, in a search that split the same corpus in another way: they may have been chosen "
            "on folds that are tested here, and the scores may be optimistic.",
        )
    if origin.optimistic:
        share = f"{origin.chose} of the {origin.tested} tested utterances"
        return Finding(
            "note",
            f"Its settings were chosen on folds that are tested here: optimistic. They are {won}, and some fold "
            f"validates on {share}; `mser sweep --test` tests each fold with its own choice instead.",
        )
    return Finding("sound", f"Its settings are {won}; no tested utterance had a say in that.")


PROPOSED = (
    "Which trials there were was proposed from all folds' validation (method: bayes); with method: grid or random "
    "that too is free of it."
)


def scored(value: float, metric: str) -> str:
    """Return a validation score by the name of its metric, as a report prints it.

    Example:
        >>> scored(0.6917, "crossval/val_ua_mean"), scored(1.2, "crossval/val_loss_mean")
        ('69.2', '1.200')
    """
    name = score_name(metric)
    return f"{value:.3f}" if name == "loss" else shown(name, None if isnan(value) else value)


def score_name(metric: str) -> str:
    """Return which score a metric such as ``crossval/val_ua_mean`` is the mean of."""
    return metric.removeprefix("crossval/val_").removesuffix("_mean")
