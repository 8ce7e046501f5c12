"""What a search has to do with a run's scores: settings chosen by labels that are tested flatter themselves."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan

from mser.report.audit_findings import Finding
from mser.runs.folder import PROVENANCE
from mser.runs.run import Json, Run
from mser.runs.search_record import Procedure, Searched, of_facts
from mser.scoring.measures import shown
from mser.splits.protocols import Fold


def searched(run: Run) -> Json | None:
    """Return where a run's settings come from; null for a run that no search tells of.

    Returns:
        - ``kind``: ``winner``, one setting for all folds, or ``procedure``, each fold's own choice.
        - ``trials``, ``metric``, ``method``, ``by``: how many settings were compared, by what and by which search.
        - ``tested``: how many utterances are judged; ``chose``: how many of them some fold validates on, so that
          their labels had a say in the winner; null where the search split the same corpus in another way.
        - ``optimistic``: whether the scores are; null where that cannot be told.
        - ``choices``: of a procedure each fold's trial, its score in validation and its settings.
        - ``space``: of a procedure what was searched.

    Raises:
        UserError: if the run's ``run.json`` garbles it.
    """
    found = of_facts(run.facts, run.folder / PROVENANCE)
    if found is None:
        return None
    if isinstance(found, Procedure):
        said = {"kind": "procedure", **_search(found.search), "chose": 0, "tested": None, "optimistic": False}
        return said | {"choices": found.facts()["choices"], "space": dict(found.space)}
    chose, tested = _chose(run, found)
    said = {"kind": "winner", **_search(found), "chose": chose, "tested": tested}
    return said | {"optimistic": None if chose is None else chose > 0, "choices": None, "space": None}


def _chose(run: Run, found: Searched) -> tuple[int | None, int]:
    """Return how many of a run's judged utterances had a say in its settings, and how many are judged."""
    judged = {fold.number: fold for fold in (job.fold for job in run.jobs)}.values()
    if found.corpus != run.plan.corpus:
        return 0, overlap((), judged)[1]
    if run.part == "val":
        number = len({name for fold in judged for name in fold.val})
        return number, number
    validated = [fold for fold in run.plan.folds if fold.number in found.folds]
    chose, tested = overlap(validated, judged)
    return (chose if found.digest == run.plan.digest else None), tested


def overlap(validated: Iterable[Fold], judged: Iterable[Fold]) -> tuple[int, int]:
    """Return how many of the utterances that some folds test others validate on, and how many they test.

    Example:
        >>> one, two = Fold(1, "one", ("a",), ("b",), ("c",)), Fold(2, "two", ("a",), ("c",), ("b",))
        >>> overlap([one, two], [one, two]), overlap([one], [one])
        ((2, 2), (0, 1))
    """
    tested = {name for fold in judged for name in fold.test}
    return len(tested & {name for fold in validated for name in fold.val}), len(tested)


def finding(run: Json) -> Finding | None:
    """Return what a reader of a run's summary must know of the search behind it.

    Example:
        >>> search = {"kind": "winner", "trials": 20, "metric": "crossval/val_ua_mean", "method": "bayes", "by": "lr",
        ...           "chose": 344, "tested": 344, "optimistic": True}
        >>> finding({"part": "test", "searched": search}).text.partition(":")[0]
        'Its settings were chosen on folds that are tested here'
    """
    found = run["searched"]
    if found is None:
        return None
    won = f"the best of {found['trials']} trials by {found['metric']}"
    if found["kind"] == "procedure":
        own = f"Each fold was tested with its own choice, {won} on its own validation part."
        return Finding("sound", f"{own} {PROPOSED}" if found["method"] == "bayes" else own)
    if run["part"] == "validation":
        return Finding("note", f"Its settings were chosen on this very part, as {won}: optimistic.")
    if found["optimistic"] is None:
        return Finding(
            "note",
            f"Its settings are {won}, in a search that split the same corpus in another way: they may have been chosen "
            "on folds that are tested here, and the scores may be optimistic.",
        )
    if found["optimistic"]:
        share = f"{found['chose']} of the {found['tested']} tested utterances"
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


def warned(run: Json) -> str:
    """Return what belongs beside the score itself, or nothing."""
    found = run["searched"]
    if not found or not run["complete"] or run["part"] == "validation":
        return ""
    if found["kind"] == "winner" and found["optimistic"] is False:
        return ""
    if found["kind"] == "procedure":
        return f"This is the score of a search of {found['trials']} trials, of which each fold took its own best."
    doubt = "may have been" if found["optimistic"] is None else "were"
    return f"The settings of {run['name']} {doubt} chosen on folds that are tested here: optimistic."


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


def _search(found: Searched) -> Json:
    return {name: getattr(found, name) for name in ("by", "method", "trials", "metric")}
