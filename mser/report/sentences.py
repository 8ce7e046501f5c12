"""The sentences of a report: its title, its answer, and how often test parts were opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mser.judge.training_corpora import training_note
from mser.report.audit_findings import Finding
from mser.report.pairwise.pair import Pair
from mser.report.printed import between, counted
from mser.report.summary import Opened, Summary
from mser.scoring.luck import LEAST_SEEDS
from mser.scoring.measures import measure, shown, with_name
from mser.splits.audit_result import Audit

MADE_UP = "The recordings are made up, nobody has spoken them: scores on them say nothing about speech."
UNDECIDABLE = "with one split it takes three seeds of each, --seeds 1,2,3"


def title(runs: Sequence[Summary]) -> str:
    """Return the name of the run, or what is compared, on validation if so, and which of them are partial."""
    names = ", ".join(run.name if run.complete else f"{run.name} (partial)" for run in runs)
    part = " on validation" if runs[0].part == "validation" else ""
    if len(runs) > 1:
        return f"{len(runs)} runs compared{part}: {names}"
    name = f"{runs[0].name}{', validation' if part else ''}"
    if runs[0].complete:
        return name
    planned = len(runs[0].missing) + runs[0].cost.jobs
    return f"{name}, partial: {len(runs[0].missing)} of {planned} results are missing"


def answer(runs: Sequence[Summary], pairs: Sequence[Pair] = ()) -> str:
    """Return in a sentence or two what the runs say; no number of a partial run.

    Args:
        runs: their summaries.
        pairs: what came out of comparing every two of them.
    """
    answer = _answer_of(runs, pairs)
    return f"{MADE_UP} {answer}" if any(run.protocol.made_up for run in runs) else answer


def _answer_of(runs: Sequence[Summary], pairs: Sequence[Pair]) -> str:
    partial = " ".join(_unanswered(run) for run in runs if not run.complete)
    whole = ranked(runs)
    if len(runs) == 1 and whole:
        return _answer(whole[0]) + _locked(whole[0])
    if not whole:
        return partial
    best, first = whole[0], whole[0].headline[0]
    order = ", then ".join(f"{run.name} {_score(run, first)}" for run in whole)
    least = best.overall[first].floor
    floor = "" if least is None else f"; the floor is {shown(first, least)}{measure(first).unit}"
    by = f"by {measure(first).title} ({over(*whole)})"
    return (
        f"{_speakers_words(best)}, {by}: {order}{floor}. {_best_words(whole, pairs)}{_locked(best)} {partial}".rstrip()
    )


def ranked(runs: Iterable[Summary]) -> list[Summary]:
    """Return the complete runs, the best by their first score first."""

    def rank(run: Summary) -> float:
        first = run.headline[0]
        mean = run.overall[first].mean
        return float("inf") if mean is None else -measure(first).better * mean

    return sorted((run for run in runs if run.complete), key=rank)


def missing(jobs: Iterable[tuple[int, int]]) -> str:
    """Return which folds of which seeds have no result.

    Args:
        jobs: seed and the fold's number of each.

    Example:
        >>> missing([(1, 2), (1, 3), (2, 3)])
        'seed 1: fold 2, 3; seed 2: fold 3'
    """
    folds: dict[int, list[str]] = {}
    for seed, fold in jobs:
        folds.setdefault(seed, []).append(str(fold))
    return "; ".join(f"seed {seed}: fold {', '.join(numbers)}" for seed, numbers in folds.items())


def lacking(run: Summary) -> str:
    """Return which folds of which seeds of a partial run have no result."""
    return missing((job.seed, job.fold) for job in run.missing)


def opened(tested: Sequence[Opened] | None, *, part: str) -> Finding:
    """Return how often the test parts of a run were opened.

    Args:
        tested: each fold with each seed; None where nobody counted.
        part: which part of the run is judged.

    Example:
        >>> opened([Opened(seed=1, fold=1, times=1)], part="test")
        Finding(level='sound', text='Each test part was opened once.')
        >>> opened([Opened(seed=1, fold=2, times=3)], part="test").text.partition(":")[0]
        'Test parts were opened more than once (fold 2 with seed 1'
    """
    if tested is None:
        return Finding("note", "Nobody counted how often the test parts were opened.")
    locked = part == "validation"
    often = [entry for entry in tested if entry.times > (0 if locked else 1)]
    if not often:
        return Finding("sound", "No test part was opened." if locked else "Each test part was opened once.")
    each = "; ".join(f"fold {entry.fold} with seed {entry.seed}: {entry.times} times" for entry in often[:3])
    more = f"; {len(often) - 3} others" if len(often) > 3 else ""
    what = "Test parts were opened before this" if locked else "Test parts were opened more than once"
    return Finding("note", f"{what} ({each}{more}): what was chosen in between has seen the test.")


def warned(run: Summary) -> str:
    """Return what belongs beside the score itself of a run whose settings were searched, or nothing."""
    origin = run.searched
    if not origin or not run.complete or run.part == "validation":
        return ""
    if origin.kind == "winner" and origin.optimistic is False:
        return ""
    if origin.kind == "procedure":
        return f"This is the score of a search of {origin.trials} trials, of which each fold took its own best."
    doubt = "may have been" if origin.optimistic is None else "were"
    return f"The settings of {run.name} {doubt} chosen on folds that are tested here: optimistic."


def _answer(run: Summary) -> str:
    score = " and ".join(f"{measure(name).title} {_score(run, name)}" for name in run.headline)
    floors = " and ".join(
        with_name(name, floor) for name in run.headline if (floor := run.overall[name].floor) is not None
    )
    begin = f"{_speakers_words(run)}, {run.name} scores {score} ({over(run)})"
    first = run.headline[0]
    figure = run.overall[first]
    if figure.mean is None or figure.floor is None:
        return f"{begin}."
    if measure(first).better * (figure.mean - figure.floor) <= 0:
        return f"{begin}: no better than {run.constant}, {floors}."
    return f"{begin}, where {run.constant} scores {floors}."


def _score(run: Summary, name: str) -> str:
    figure = run.overall[name]
    sure = f" {between(figure.surest, name)}" if figure.surest else ""
    return f"{shown(name, figure.mean)}{measure(name).unit}{sure}"


def _best_words(whole: Sequence[Summary], pairs: Sequence[Pair]) -> str:
    """Return what was found of the best run and the next."""
    names = {run.name for run in whole[:2]}
    return next((pair.sentence for pair in pairs if {pair.better, pair.worse} == names), "")


def _locked(run: Summary) -> str:
    if run.part == "test":
        return ""
    return " This is no result on test: the test parts are still locked, and validation also chose the epochs."


def _unanswered(run: Summary) -> str:
    return (
        f"{run.name} has no answer yet: there is no result for {lacking(run)}. "
        "Run the same mser crossval command again to resume it."
    )


def _speakers_words(run: Summary) -> str:
    validation = run.part == "validation"
    audit = Audit.of_facts(run.protocol.audit)
    shared = audit.between["val_" if validation else ""].speaker_overlap
    if run.judged:
        new = training_note(run.judged)[0]
        speakers = (
            "a corpus that the model was not trained on" if new else "speakers that the model may have been trained on"
        )
    elif shared is None:
        speakers = "speakers that nobody checked for overlap with training"
    elif shared:
        speakers = "speakers it has partly been trained on"
    else:
        whose = "the model of each fold" if len(run.folds) > 1 else "the model"
        speakers = f"speakers that {whose} has never heard"
        speakers += ", as far as they are known" if audit.unknown_speakers else ""
    return f"In validation, on {speakers}" if validation else f"On {speakers}"


def over(*runs: Summary) -> str:
    """Return what a score of complete runs is the mean of, and what its interval rests on and leaves out.

    Args:
        runs: of the same folds and utterances; their seeds may differ.
    """
    folds, clusters = len(runs[0].folds), runs[0].full.clusters
    rests = counted(clusters.unit, clusters.number, clusters.unnamed)
    seeds = {len(run.seeds) for run in runs}
    each = f"{max(seeds)} seeds" if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)} seeds"
    if folds == 1:
        mean = f"mean of {each}, one fold" if max(seeds) > 1 else "one fold and seed"
    else:
        mean = f"mean of {folds} folds" + (f", {each} each" if max(seeds) > 1 else "")
    headline = [runs[0].overall[name] for name in runs[0].headline]
    if all(figure.surest is None for figure in headline):
        return f"{mean}; {rests}, too few for an interval"
    if folds > 1:
        return f"{mean}; 95% intervals of the method: over folds, with {rests} in all"
    if min(seeds) >= LEAST_SEEDS:
        return f"{mean}; 95% intervals of the method: over {rests} and the seeds"
    few = "one seed cannot" if max(seeds) == 1 else f"{min(seeds)} of {LEAST_SEEDS} seeds cannot"
    return f"{mean}; 95% intervals over {rests}, of these weights alone: {few} tell what training again would change"
