"""What a reader should know before believing a score: shortcuts that reach it, speakers without classes, chance."""

from __future__ import annotations

from collections.abc import Sequence

from mser.judge import training_corpora
from mser.report.audit_findings import Finding
from mser.report.figures import Interval
from mser.report.printed import between
from mser.report.shortcuts.floors import BALANCED, Reached, Shortcut
from mser.report.summary import Summary
from mser.scoring.measures import measure, shown, with_name


def doubts(run: Summary) -> list[Finding]:
    """Return what a reader should know: what a judged model heard, whether shortcuts or chance reach as much."""
    if not run.sections:
        return _training_corpora(run)
    return [*_training_corpora(run), *_below_chance(run), *_shortcuts(run), *_speakers(run), *_beside(run)]


def _training_corpora(run: Summary) -> list[Finding]:
    """Return what a model that was not trained here was trained on, as far as anybody knows."""
    if not run.judged:
        return []
    is_new, note = training_corpora.training_note(run.judged)
    return [Finding("sound" if is_new else "note", note)]


def best_shortcut(run: Summary) -> Shortcut | None:
    """Return the shortcut that reaches most in the first score; None where there is none, or for calibration."""
    return next(iter(_ranked(run)), None)


def _ranked(run: Summary) -> Sequence[Shortcut]:
    name = run.headline[0]
    if measure(name).scale == "gap":  # who knows little can be right as often as said all the same
        return []
    means = [(row.scores[name].mean, row) for row in (run.sections and run.sections.shortcuts) or ()]
    defined_means = [(mean, row) for mean, row in means if mean is not None]
    return [row for _, row in sorted(defined_means, key=lambda one: -measure(name).better * one[0])]


def _below_chance(run: Summary) -> list[Finding]:
    name = run.headline[0]
    figure = run.overall[name]
    if name not in BALANCED or not _is_below(figure.interval, figure.floor):
        return []
    sign = (
        "answers that are taken for other labels than the model means (--labels of mser judge), or speech unlike what "
        "it has learned from"
        if run.judged
        else "a crossed design (such as sentences that each speaker says in each emotion) in folds that mix what is "
        "crossed"
    )
    words = f"{with_name(name, figure.mean)} is clearly below chance, {_floor(run, name)}: the sign of {sign}."
    return [Finding("note", words)]


def _shortcuts(run: Summary) -> list[Finding]:
    name = run.headline[0]
    rows = _ranked(run)
    if not rows:
        return []
    near = [row for row in rows if _reaches(row.scores[name])]
    if near:
        first, others = near[0], [row.name for row in near[1:]]
        more = f"; nor than {', '.join(others)}" if others else ""
        finding = Finding(
            "note", f"It is not clearly better than a shortcut, the cues of {_shortcut_words(first, name)}{more}."
        )
    else:
        every = "the only shortcut" if len(rows) == 1 else f"each of {len(rows)} shortcuts, the best of which are"
        finding = Finding("sound", f"It is clearly better than {every} the cues of {_shortcut_words(rows[0], name)}.")
    floor = run.overall[name].floor
    below = [row for row in rows if name in BALANCED and _is_below(row.scores[name].interval, floor)]
    return [finding, *(_opposite(run, row, name) for row in below)]


def _reaches(shortcut: Reached) -> bool:
    """Return whether a run is not clearly better; without an interval, whether it is not better."""
    if shortcut.clearly_better is None:
        return shortcut.difference is not None and shortcut.difference <= 0
    return not shortcut.clearly_better


def _shortcut_words(row: Shortcut, name: str) -> str:
    reached = row.scores[name]
    apart = f"{shown(name, reached.difference)} points" if measure(name).unit else shown(name, reached.difference)
    return (
        f"{row.name} alone: {_score(reached, name)}, a difference of {apart}{_ends(reached.difference_interval, name)}"
    )


def _is_below(ends: Interval | None, floor: float | None) -> bool:
    return ends is not None and floor is not None and ends[1] < floor


def _opposite(run: Summary, row: Shortcut, name: str) -> Finding:
    return Finding(
        "note",
        f"The cues of {row.name} alone reach {_score(row.scores[name], name)}, below {_floor(run, name)}: they mean "
        "something else for the tested speakers than for those of training, as levels do that are set by session.",
    )


def _speakers(run: Summary) -> list[Finding]:
    found = run.full.over_speakers
    if not found:
        return []
    lack = "1 speaker lacks" if found.lacking == 1 else f"{found.lacking} of {found.speakers} speakers lack"
    return [
        Finding(
            "note",
            f"{lack} some of the classes, so that answers which follow the speaker alone can score: as the mean over "
            f"speakers UA is {shown('ua', found.ua)}%, of all utterances as one set "
            f"{shown('ua', run.overall['ua'].pooled)}%.",
        )
    ]


def _beside(run: Summary) -> list[Finding]:
    found, name = run.full.beside_speakers, run.headline[0]
    if not found or found.given_away is None:
        return []
    scale = f"{measure(name).title}{' points' if measure(name).unit else ''}"
    unclear = found.interval is None or found.interval[0] <= 0 <= found.interval[1]
    return [
        Finding(
            "note",
            f"That tested speakers are trained on gives away {shown(name, found.given_away)} {scale}"
            f"{_ends(found.interval, name)}{', which cannot be told from nothing' if unclear else ''}: in folds of "
            f"unheard speakers ({found.trained_beside:.0f} utterances trained on, here {found.trained:.0f}) the same "
            f"experiment reaches {with_name(name, found.figure.mean)}{_ends(found.figure.surest, name)}.",
        )
    ]


def _score(reached: Reached, name: str) -> str:
    return f"{with_name(name, reached.mean)}{_ends(reached.interval, name)}"


def _floor(run: Summary, name: str) -> str:
    return f"the floor of {shown(name, run.overall[name].floor)}{measure(name).unit}"


def _ends(ends: Interval | None, name: str) -> str:
    return f" {between(ends, name)}" if ends else ""
