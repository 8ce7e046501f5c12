"""The sentences of a report: its title, its answer, and what an audit means in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mser.report.measures import measure, said, shown
from mser.report.runs import Json

_PAIRS = {"": ("train", "test"), "val_": ("train", "validation"), "val_test_": ("validation", "test")}
_THINGS = {"speaker": "speaker", "group": "dialogue", "audio": "recording"}


class Finding(NamedTuple):
    """One line of an audit: `level` is ``sound``, ``note`` or ``leak``."""

    level: str
    text: str


def percent(value: float | None) -> str:
    """Return a share as percent with one decimal, or a dash for what is not defined.

    Example:
        >>> percent(0.69178), percent(None)
        ('69.2', '–')
    """
    return shown("wa", value)


def plus_minus(figure: Mapping[str, float | None], name: str) -> str:
    """Return mean and sd of a score: over folds, or over seeds where there is one fold; no sd where there is one each.

    Example:
        >>> plus_minus({"mean": 0.6917, "sd": 0.0533, "sd_over_seeds": 0.01}, "ua")
        '69.2 ± 5.3'
        >>> plus_minus({"mean": 0.71, "sd": None, "sd_over_seeds": 0.02}, "mae")
        '0.710 ± 0.020'
    """
    sd = figure["sd_over_seeds"] if figure["sd"] is None else figure["sd"]
    return shown(name, figure["mean"]) + ("" if sd is None else f" ± {shown(name, sd)}")


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


def answer(runs: Sequence[Json]) -> str:
    """Return in a sentence or two what the runs say; no number of a partial run."""
    partial = " ".join(_unanswered(run) for run in runs if not run["complete"])
    whole = ranked(runs)
    if len(runs) == 1 and whole:
        return _answer(whole[0]) + _locked(whole[0])
    if not whole:
        return partial
    best, first = whole[0], whole[0]["headline"][0]
    unit = measure(first).unit
    order = ", then ".join(f"{run['name']} {plus_minus(run['overall'][first], first)}{unit}" for run in whole)
    floor = f"the floor is {shown(first, best['overall'][first]['floor'])}{unit}"
    tested = "no test has been made of the differences"
    by = f"by {measure(first).title} ({over(best)})"
    return f"{_heard(best)}, {by}: {order}; {floor}, {tested}.{_locked(best)} {partial}".rstrip()


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


def findings(audit: Mapping[str, Any]) -> list[Finding]:
    """Return what an audit means, leaks first."""
    lines = [line for prefix in _PAIRS for line in _shared(prefix, audit)] + _near_duplicates(audit)
    order = ["leak", "note", "sound"]
    return sorted(lines, key=lambda line: order.index(line.level))


def _answer(run: Json) -> str:
    found = [(name, run["overall"][name]) for name in run["headline"]]
    score = " and ".join(
        f"{measure(name).title} {plus_minus(figure, name)}{measure(name).unit}" for name, figure in found
    )
    floors = " and ".join(said(name, figure["floor"]) for name, figure in found)
    begin = f"{_heard(run)}, {run['name']} scores {score} ({over(run)})"
    first, figure = found[0]
    if measure(first).better * (figure["mean"] - figure["floor"]) <= 0:
        return f"{begin}: no better than {run['constant']}, {floors}."
    return f"{begin}, where {run['constant']} scores {floors}."


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
    shared = run["protocol"]["audit"].get("val_speaker_overlap" if validation else "speaker_overlap")
    if shared is None:
        heard = "speakers that nobody checked for overlap with training"
    else:
        heard = "speakers it has partly been trained on" if shared else "speakers it has never heard"
    return f"In validation, on {heard}" if validation else f"On {heard}"


def over(run: Json) -> str:
    """Return what a figure of `plus_minus` is the mean of."""
    folds, seeds = len(run["folds"]), len(run["seeds"])
    if folds == 1:
        return f"mean ± sd over {seeds} seeds, one fold" if seeds > 1 else "one fold and seed"
    return f"mean ± sd over {folds} folds" + (f", {seeds} seeds each" if seeds > 1 else "")


def _shared(prefix: str, audit: Mapping[str, Any]) -> list[Finding]:
    """Return what two parts share: a line for each thing that they do, one for all things that they do not."""
    left, right = _PAIRS[prefix]
    counts = {thing: audit.get(f"{prefix}{what}_overlap") for what, thing in _THINGS.items()}
    lines = [_overlap(left, right, thing, count) for thing, count in counts.items() if count]
    if clean := [thing for thing, count in counts.items() if count == 0]:
        lines.append(Finding("sound", f"{left.capitalize()} and {right} share no {_either(clean)}."))
    if unknown := [thing for thing, count in counts.items() if count is None]:
        lines.append(Finding("note", f"It was not checked whether {left} and {right} share any {_either(unknown)}."))
    return lines


def _either(things: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(things[:-1]), things[-1]]))


def _overlap(left: str, right: str, thing: str, count: int) -> Finding:
    shared = f"{left.capitalize()} and {right} share {count} {thing}{'s' if count > 1 else ''} (summed over folds)"
    if (left, thing) == ("validation", "dialogue"):
        return Finding("note", f"{shared}: other speakers of the same conversations chose the best epoch.")
    if right == "test":
        return Finding("leak", f"{shared}: the scores are too high to be compared with speaker-independent ones.")
    return Finding("note", f"{shared}: the best epoch is chosen on familiar voices; the test is not touched by it.")


def _near_duplicates(audit: Mapping[str, Any]) -> list[Finding]:
    share = audit.get("near_duplicate_transcripts")
    if share is None:
        return [Finding("note", "It was not checked whether tested transcripts have near copies in train.")]
    if not share:
        return [Finding("sound", "No tested transcript has a near copy in train.")]
    styles = audit.get("near_duplicate_transcripts_by_style") or {}
    detail = ", ".join(f"{percent(part)}% of the {style}" for style, part in styles.items())
    text = f"{percent(share)}% of the tested transcripts of four words or more have a near copy in train"
    hint = "there the words can be recognised rather than understood, so read scores from text with that in mind."
    return [Finding("note", f"{text}{f' ({detail})' if detail else ''}: {hint}")]
