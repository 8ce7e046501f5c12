"""The sentences of a report: its title, its answer, and what an audit means in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

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
    return "–" if value is None else f"{100 * value:.1f}"


def plus_minus(figure: Mapping[str, Any]) -> str:
    """Return mean and sd in percent; without sd where there is a single fold.

    Example:
        >>> plus_minus({"mean": 0.6917, "sd": 0.0533}), plus_minus({"mean": 0.5, "sd": None})
        ('69.2 ± 5.3', '50.0')
    """
    spread = "" if figure["sd"] is None else f" ± {percent(figure['sd'])}"
    return percent(figure["mean"]) + spread


def title(runs: Sequence[Json]) -> str:
    """Return the name of the run, or what is compared, and which of them are partial."""
    names = ", ".join(run["name"] if run["complete"] else f"{run['name']} (partial)" for run in runs)
    if len(runs) > 1:
        return f"{len(runs)} runs compared: {names}"
    if runs[0]["complete"]:
        return names
    planned = len(runs[0]["missing"]) + runs[0]["cost"]["jobs"]
    return f"{runs[0]['name']}, partial: {len(runs[0]['missing'])} of {planned} results are missing"


def answer(runs: Sequence[Json]) -> str:
    """Return in a sentence or two what the runs say; no number of a partial run."""
    partial = " ".join(_unanswered(run) for run in runs if not run["complete"])
    whole = sorted((run for run in runs if run["complete"]), key=lambda run: -run["overall"]["ua"]["mean"])
    if len(runs) == 1 and whole:
        return _answer(whole[0])
    if not whole:
        return partial
    ranked = ", then ".join(f"{run['name']} {plus_minus(run['overall']['ua'])}%" for run in whole)
    floor = f"the floor is {percent(whole[0]['overall']['ua']['floor'])}%"
    tested = "no test has been made of the differences"
    folds = len(whole[0]["folds"])
    over = f"mean ± sd over {folds} folds" if folds > 1 else "one fold"
    return f"{_heard(whole[0])}, by UA ({over}): {ranked}; {floor}, {tested}. {partial}".rstrip()


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
    ua, wa = run["overall"]["ua"], run["overall"]["wa"]
    score = f"UA {plus_minus(ua)}% and WA {plus_minus(wa)}% (mean{_over(run)})"
    floor = f"{percent(ua['floor'])}% and {percent(wa['floor'])}%"
    if ua["mean"] <= ua["floor"]:
        return (
            f"{_heard(run)}, {run['name']} scores {score}: no better than always naming the commonest class, {floor}."
        )
    return f"{_heard(run)}, {run['name']} scores {score}, where always naming the commonest class scores {floor}."


def _unanswered(run: Json) -> str:
    return (
        f"{run['name']} has no answer yet: there is no result for {missing(run)}. "
        "Run the same mser crossval command again to resume it."
    )


def _heard(run: Json) -> str:
    shared = run["protocol"]["audit"].get("speaker_overlap")
    if shared is None:
        return "On speakers that nobody checked for overlap with training"
    return "On speakers it has partly been trained on" if shared else "On speakers it has never heard"


def _over(run: Json) -> str:
    folds, seeds = len(run["folds"]), len(run["seeds"])
    if folds == 1:
        return f" of {seeds} seeds on one fold" if seeds > 1 else ", one fold and seed"
    return f" ± sd over {folds} folds" + (f", {seeds} seeds each" if seeds > 1 else "")


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
