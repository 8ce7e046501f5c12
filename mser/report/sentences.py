"""The sentences of a report: its title, its answer, and how often test parts were opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mser.judge.training_corpora import said as judged_on
from mser.report.audit_findings import Finding
from mser.report.audit_findings import findings as findings
from mser.runs.run import Json
from mser.scoring.luck import LEAST_SEEDS
from mser.scoring.measures import measure, said, shown

MADE_UP = "The recordings are made up, nobody has spoken them: scores on them say nothing about speech."
UNDECIDABLE = "with one split it takes three seeds of each, --seeds 1,2,3"


def percent(value: float | None) -> str:
    """Return a share as percent with one decimal, or a dash for what is not defined.

    Example:
        >>> percent(0.69178), percent(None)
        ('69.2', '–')
    """
    return shown("wa", value)


def surest(figure: Mapping[str, Any]) -> Sequence[float] | None:
    """Return the interval that a reader should take a score for: that of the method, or else that of these models.

    Example:
        >>> surest({"interval": [0.6, 0.7], "method_interval": [0.5, 0.8]}), surest({"interval": [0.6, 0.7]})
        ([0.5, 0.8], [0.6, 0.7])
    """
    found: Sequence[float] | None = figure.get("method_interval") or figure["interval"]
    return found


def with_interval(figure: Mapping[str, Any], name: str) -> str:
    """Return a score and its 95 % interval, or the score alone where nothing tells how sure it is.

    Example:
        >>> with_interval({"mean": 0.6917, "interval": [0.651, 0.73]}, "ua")
        '69.2 [65.1, 73.0]'
        >>> with_interval({"mean": 0.71, "interval": None}, "mae")
        '0.710'
    """
    return shown(name, figure["mean"]) + (f" {between(surest(figure), name)}" if surest(figure) else "")


def between(ends: Sequence[float] | None, name: str) -> str:
    """Return an interval, or a dash for none.

    Example:
        >>> between([0.651, 0.73], "ua"), between(None, "ua")
        ('[65.1, 73.0]', '–')
    """
    return f"[{', '.join(shown(name, end) for end in ends)}]" if ends else "–"


def title(runs: Sequence[Json]) -> str:
    """Return the name of the run, or what is compared, on validation if so, and which of them are partial."""
    names = ", ".join(run["name"] if run["complete"] else f"{run['name']} (partial)" for run in runs)
    part = " on validation" if runs[0]["part"] == "validation" else ""
    if len(runs) > 1:
        return f"{len(runs)} runs compared{part}: {names}"
    name = f"{runs[0]['name']}{', validation' if part else ''}"
    if runs[0]["complete"]:
        return name
    planned = len(runs[0]["missing"]) + runs[0]["cost"]["jobs"]
    return f"{name}, partial: {len(runs[0]['missing'])} of {planned} results are missing"


def answer(runs: Sequence[Json], pairs: Sequence[Json] = ()) -> str:
    """Return in a sentence or two what the runs say; no number of a partial run.

    Args:
        runs: their summaries.
        pairs: what came out of comparing every two of them.
    """
    said = _answer_of(runs, pairs)
    return f"{MADE_UP} {said}" if any(run["protocol"].get("made_up") for run in runs) else said


def _answer_of(runs: Sequence[Json], pairs: Sequence[Json]) -> str:
    partial = " ".join(_unanswered(run) for run in runs if not run["complete"])
    whole = ranked(runs)
    if len(runs) == 1 and whole:
        return _answer(whole[0]) + _locked(whole[0])
    if not whole:
        return partial
    best, first = whole[0], whole[0]["headline"][0]
    order = ", then ".join(f"{run['name']} {_score(run, first)}" for run in whole)
    least = best["overall"][first]["floor"]
    floor = "" if least is None else f"; the floor is {shown(first, least)}{measure(first).unit}"
    by = f"by {measure(first).title} ({over(*whole)})"
    return f"{_heard(best)}, {by}: {order}{floor}. {_told_best(whole, pairs)}{_locked(best)} {partial}".rstrip()


def p_value(p: float) -> str:
    """Return a p value as it is printed.

    Example:
        >>> p_value(0.0312), p_value(0.00004), p_value(1.0)
        ('p = 0.031', 'p < 0.001', 'p = 1.000')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def ranked(runs: Iterable[Json]) -> list[Json]:
    """Return the complete runs, the best by their first score first."""

    def rank(run: Json) -> float:
        first = run["headline"][0]
        return -measure(first).better * float(run["overall"][first]["mean"])

    return sorted((run for run in runs if run["complete"]), key=rank)


def missing(run: Json) -> str:
    """Return which folds of which seeds have no result.

    Example:
        >>> missing({"missing": [{"seed": 1, "fold": 2}, {"seed": 1, "fold": 3}, {"seed": 2, "fold": 3}]})
        'seed 1: fold 2, 3; seed 2: fold 3'
    """
    folds: dict[int, list[str]] = {}
    for job in run["missing"]:
        folds.setdefault(job["seed"], []).append(str(job["fold"]))
    return "; ".join(f"seed {seed}: fold {', '.join(numbers)}" for seed, numbers in folds.items())


def opened(run: Json) -> Finding:
    """Return how often the run's test parts were opened.

    Example:
        >>> opened({"part": "test", "tested": [{"seed": 1, "fold": 1, "times": 1}]})
        Finding(level='sound', text='Each test part was opened once.')
        >>> opened({"part": "test", "tested": [{"seed": 1, "fold": 2, "times": 3}]}).text.partition(":")[0]
        'Test parts were opened more than once (fold 2 with seed 1'
    """
    if run["tested"] is None:
        return Finding("note", "Nobody counted how often the test parts were opened.")
    locked = run["part"] == "validation"
    often = [entry for entry in run["tested"] if entry["times"] > (0 if locked else 1)]
    if not often:
        return Finding("sound", "No test part was opened." if locked else "Each test part was opened once.")
    each = "; ".join(f"fold {one['fold']} with seed {one['seed']}: {one['times']} times" for one in often[:3])
    more = f"; {len(often) - 3} others" if len(often) > 3 else ""
    what = "Test parts were opened before this" if locked else "Test parts were opened more than once"
    return Finding("note", f"{what} ({each}{more}): what was chosen in between has seen the test.")


def _answer(run: Json) -> str:
    score = " and ".join(f"{measure(name).title} {_score(run, name)}" for name in run["headline"])
    floors = " and ".join(
        said(name, floor) for name in run["headline"] if (floor := run["overall"][name]["floor"]) is not None
    )
    begin = f"{_heard(run)}, {run['name']} scores {score} ({over(run)})"
    first = run["headline"][0]
    figure = run["overall"][first]
    if figure["floor"] is None:
        return f"{begin}."
    if measure(first).better * (figure["mean"] - figure["floor"]) <= 0:
        return f"{begin}: no better than {run['constant']}, {floors}."
    return f"{begin}, where {run['constant']} scores {floors}."


def _score(run: Json, name: str) -> str:
    figure = run["overall"][name]
    sure = f" {between(surest(figure), name)}" if surest(figure) else ""
    return f"{shown(name, figure['mean'])}{measure(name).unit}{sure}"


def _told_best(whole: Sequence[Json], pairs: Sequence[Json]) -> str:
    """Return what was found of the best run and the next."""
    names = {run["name"] for run in whole[:2]}
    return next((pair["sentence"] for pair in pairs if {pair["better"], pair["worse"]} == names), "")


def _locked(run: Json) -> str:
    if run["part"] == "test":
        return ""
    return " This is no result on test: the test parts are still locked, and validation also chose the epochs."


def _unanswered(run: Json) -> str:
    return (
        f"{run['name']} has no answer yet: there is no result for {missing(run)}. "
        "Run the same mser crossval command again to resume it."
    )


def _heard(run: Json) -> str:
    validation = run["part"] == "validation"
    audit = run["protocol"]["audit"]
    shared = audit.get("val_speaker_overlap" if validation else "speaker_overlap")
    if "judged" in run:
        new = judged_on(run["judged"])[0]
        heard = (
            "a corpus that the model was not trained on" if new else "speakers that the model may have been trained on"
        )
    elif shared is None:
        heard = "speakers that nobody checked for overlap with training"
    elif shared:
        heard = "speakers it has partly been trained on"
    else:
        whose = "the model of each fold" if len(run["folds"]) > 1 else "the model"
        heard = f"speakers that {whose} has never heard"
        heard += ", as far as they are known" if audit.get("unknown_speakers") else ""
    return f"In validation, on {heard}" if validation else f"On {heard}"


def over(*runs: Json) -> str:
    """Return what a score of complete runs is the mean of, and what its interval rests on and leaves out.

    Args:
        runs: of the same folds and utterances; their seeds may differ.
    """
    folds, rests = len(runs[0]["folds"]), runs[0]["clusters"]
    seeds = {len(run["seeds"]) for run in runs}
    each = f"{max(seeds)} seeds" if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)} seeds"
    if folds == 1:
        mean = f"mean of {each}, one fold" if max(seeds) > 1 else "one fold and seed"
    else:
        mean = f"mean of {folds} folds" + (f", {each} each" if max(seeds) > 1 else "")
    known = [runs[0]["overall"][name] for name in runs[0]["headline"]]
    if all(surest(figure) is None for figure in known):
        return f"{mean}; {counted(rests)}, too few for an interval"
    if folds > 1:
        return f"{mean}; 95% intervals of the method: over folds, with {counted(rests)} in all"
    if min(seeds) >= LEAST_SEEDS:
        return f"{mean}; 95% intervals of the method: over {counted(rests)} and the seeds"
    few = "one seed cannot" if max(seeds) == 1 else f"{min(seeds)} of {LEAST_SEEDS} seeds cannot"
    return (
        f"{mean}; 95% intervals over {counted(rests)}, of these weights alone: "
        f"{few} tell what training again would change"
    )


def counted(rests: Mapping[str, Any]) -> str:
    """Return how many clusters there are, by kind.

    Example:
        >>> counted({"unit": "speaker", "number": 11, "unnamed": {"utterance": 1}})
        '10 speakers and 1 utterance without a speaker'
    """
    kinds = {rests["unit"]: rests["number"] - sum(rests["unnamed"].values())} | dict(rests["unnamed"])
    named, *others = [f"{number} {kind}{'s' if number != 1 else ''}" for kind, number in kinds.items()]
    without = " without a speaker" if rests["unit"] == "speaker" else " without a group"
    return " and ".join([named, *(f"{other}{without}" for other in others)])
