"""What others report on the same corpus and labels, beside a run's own scores; never ranked across protocols."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files

from mser.runs.run import Json
from mser.scoring.measures import measure, said, shown


def published(corpus: str, label_set: str) -> Json | None:
    """Return what is known to be published of a task, in the order of ``published.json``, or None; shares in 0..1.

    Returns:
        The number of ``utterances`` of the whole corpus, and ``results``: of each the ``system``, what it ``hears``,
        its ``protocol`` in words and which of ours is the ``same_as`` it (or null), its ``scores``, their ``source``,
        a ``note`` or null, and whether the ``paper`` that mser makes usable, or its code, states it; then there is
        a ``floor`` too: what a constant answer scores there.

    Example:
        >>> published("iemocap", "iemocap4")["results"][0]["scores"]
        {'mean_binary_accuracy': 0.75458}
    """
    known: dict[str, Json] = json.loads((files("mser.report") / "published.json").read_text(encoding="utf-8"))
    found = known.get(label_set)
    return found if found and found["corpus"] == corpus else None


def beside(runs: Sequence[Json]) -> Json | None:
    """Return what is published of what the runs were asked, with the best run's figure beside each of the paper's.

    Args:
        runs: of one question, each as `mser.report.summary.summarise` returns it.

    Returns:
        ``whole``: whether the runs' corpus has (but for a hundredth) as many utterances as the published one, without
        which nothing compares; ``columns``: the scores that others state; ``rows``: the results, the paper's with
        ``ours`` in words; ``above``: a sentence for every run that is better than anything published, which is more
        often a leak than a discovery. None if nothing is known.
    """
    found = published(runs[0]["protocol"]["corpus"], runs[0]["protocol"]["label_set"])
    if found is None:
        return None
    stated, size = found["results"], sum(runs[0]["folds"][0]["utterances"].values())
    whole = abs(size - found["utterances"]) <= 0.01 * found["utterances"]
    known = [run for run in runs if whole and run["complete"] and run["part"] == "test"]
    return {
        "whole": whole,
        "utterances": {"here": size, "published": found["utterances"]},
        "columns": list(dict.fromkeys(name for entry in stated if not entry["paper"] for name in entry["scores"])),
        "rows": [{**entry, "ours": _ours(entry, known) if entry["paper"] else None} for entry in stated],
        "above": [line for run in known for line in _above(run, stated)],
    }


def _ours(entry: Json, known: Sequence[Json]) -> str:
    """Return what the runs have to say of the one number that the paper or its code states."""
    ((name, value),) = entry["scores"].items()
    same = [run for run in known if run["protocol"]["name"] == entry["same_as"]]
    found = [
        (run["name"], part[name]) for run in same for part in (run["overall"], run["binary"] or {}) if name in part
    ]
    if not found:
        objective = ", objective OneVsRest" if name == "mean_binary_accuracy" else ""
        return f"not run here; it takes the whole corpus, {entry['same_as']}{objective}"
    title, figure = max(found, key=lambda one: measure(name).better * one[1]["mean"])
    difference = figure["mean"] - value
    sign = "−" if difference < 0 else "+"
    return f"{title}: {shown(name, figure['mean'])} ({sign}{shown(name, abs(difference))})"


def _above(run: Json, stated: Sequence[Json]) -> list[str]:
    """Return the warning for the first headline score that others report too, if it is better than all of theirs."""
    for name in run["headline"]:
        others = [entry["scores"][name] for entry in stated if name in entry["scores"]]
        if others:
            mine = run["overall"][name]["mean"]
            best = max(others, key=lambda value: measure(name).better * value)
            better = measure(name).better * (mine - best) > 0
            return [_warning(run["name"], said(name, mine), said(name, best))] if better else []
    return []


def _warning(name: str, mine: str, best: str) -> str:
    return (
        f"{name} scores {mine}, better than anything known to be published on these labels under any protocol "
        f"({best}): look for a leak before believing it."
    )
