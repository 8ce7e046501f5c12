"""What a reader should know before believing a score: shortcuts that reach it, speakers without classes, chance."""

from __future__ import annotations

from mser.judge import training_corpora
from mser.report.audit_findings import Finding
from mser.report.figures import pooled
from mser.report.sentences import between
from mser.report.shortcuts.floors import BALANCED
from mser.runs.run import Json, Run
from mser.scoring.means import mean
from mser.scoring.measures import measure, said, shown
from mser.scoring.scorers import Judge


def over_speakers(run: Run, judge: Judge) -> Json | None:
    """Return UA as the mean over speakers of a complete run; null where each speaker has all classes, or none is known.

    A pooled UA can be above chance though it is at chance for every speaker: one answer per fold suffices where a
    speaker of the fold lacks a class.

    Returns:
        ``ua``: the mean over speakers, and over seeds, of the mean recall of the classes that a speaker has;
        ``speakers``: how many there are, ``lacking``: how many of them lack a class.
    """
    if not run.plan.task.is_one_label:
        return None
    first = pooled(run, run.seeds[0])
    present = {who: set[int]() for who in first.speakers if who}
    for who, target in zip(first.speakers, first.target.tolist(), strict=True):
        if who:
            present[who].add(target)
    tested = set(first.target.tolist())
    lacking = sum(has != tested for has in present.values())
    if len(present) < 2 or not lacking:
        return None
    return {
        "ua": mean(mean(_of_speakers(run, judge, seed, list(present))) for seed in run.seeds),
        "speakers": len(present),
        "lacking": lacking,
    }


def _of_speakers(run: Run, judge: Judge, seed: int, speakers: list[str]) -> list[float]:
    answers = pooled(run, seed)
    by_speaker = answers.divided(answers.speakers)
    return [judge.scorer.score(by_speaker[one])["ua"] for one in speakers]


def doubts(run: Json) -> list[Finding]:
    """Return what `over_speakers`, the shortcuts and chance say of a run's summary, and what a judged model heard."""
    if not run["complete"]:
        return _heard(run)
    return [*_heard(run), *_below_chance(run), *_shortcuts(run), *_speakers(run)]


def _heard(run: Json) -> list[Finding]:
    """Return what a model that was not trained here was trained on, as far as anybody knows."""
    if "judged" not in run:
        return []
    new, told = training_corpora.said(run["judged"])
    return [Finding("sound" if new else "note", told)]


def best_shortcut(run: Json) -> Json | None:
    """Return the shortcut that reaches most in the first score; None where there is none, or for calibration."""
    return next(iter(_ranked(run)), None)


def _ranked(run: Json) -> list[Json]:
    name = run["headline"][0]
    if measure(name).scale == "gap":  # who knows little can be right as often as said all the same
        return []
    rows = [row for row in run["shortcuts"] or () if row[name]["mean"] is not None]
    return sorted(rows, key=lambda row: -measure(name).better * float(row[name]["mean"]))


def _below_chance(run: Json) -> list[Finding]:
    name = run["headline"][0]
    figure = run["overall"][name]
    if name not in BALANCED or not figure["interval"] or figure["interval"][1] >= figure["floor"]:
        return []
    return [
        Finding(
            "note",
            f"{said(name, figure['mean'])} is clearly below chance, {_floor(run, name)}: the sign of a crossed design "
            "(such as sentences that each speaker says in each emotion) in folds that mix what is crossed.",
        )
    ]


def _shortcuts(run: Json) -> list[Finding]:
    name = run["headline"][0]
    rows = _ranked(run)
    if not rows:
        return []
    near = [row for row in rows if _reaches(row[name])]
    if near:
        first, others = near[0], [row["name"] for row in near[1:]]
        more = f"; nor than {', '.join(others)}" if others else ""
        found = [Finding("note", f"It is not clearly better than a shortcut, the cues of {_told(first, name)}{more}.")]
    else:
        every = "the only shortcut" if len(rows) == 1 else f"each of {len(rows)} shortcuts, the best of which are"
        found = [Finding("sound", f"It is clearly better than {every} the cues of {_told(rows[0], name)}.")]
    return found + [_opposite(run, row, name) for row in rows if _is_below(run, row, name)]


def _reaches(figure: Json) -> bool:
    """Return whether a run is not clearly better; without an interval, whether it is not better."""
    if figure["clearly_better"] is None:
        return bool(figure["difference"] <= 0)
    return not figure["clearly_better"]


def _told(row: Json, name: str) -> str:
    figure = row[name]
    apart = f"{shown(name, figure['difference'])} points" if measure(name).unit else shown(name, figure["difference"])
    return (
        f"{row['name']} alone: {_score(figure, name)}, a difference of {apart}"
        f"{_ends(figure['difference_interval'], name)}"
    )


def _is_below(run: Json, row: Json, name: str) -> bool:
    ends = row[name]["interval"]
    return name in BALANCED and ends is not None and ends[1] < run["overall"][name]["floor"]


def _opposite(run: Json, row: Json, name: str) -> Finding:
    return Finding(
        "note",
        f"The cues of {row['name']} alone reach {_score(row[name], name)}, below {_floor(run, name)}: they mean "
        "something else for the tested speakers than for those of training, as levels do that are set by session.",
    )


def _speakers(run: Json) -> list[Finding]:
    found = run["over_speakers"]
    if not found:
        return []
    lack = "1 speaker lacks" if found["lacking"] == 1 else f"{found['lacking']} of {found['speakers']} speakers lack"
    return [
        Finding(
            "note",
            f"{lack} some of the classes, so that answers which follow the speaker alone can score: as the mean over "
            f"speakers UA is {shown('ua', found['ua'])}%, of all utterances as one set "
            f"{shown('ua', run['overall']['ua']['pooled'])}%.",
        )
    ]


def _score(figure: Json, name: str) -> str:
    return f"{said(name, figure['mean'])}{_ends(figure['interval'], name)}"


def _floor(run: Json, name: str) -> str:
    return f"the floor of {shown(name, run['overall'][name]['floor'])}{measure(name).unit}"


def _ends(ends: list[float] | None, name: str) -> str:
    return f" {between(ends, name)}" if ends else ""
