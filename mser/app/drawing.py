"""Answers as HTML: bars, a table of both sides, and a strip for each label over time."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from mser.app.asking import Told
from mser.labels import ScoreSet, Task
from mser.use.prediction import Prediction

_SIDES = ("speech and text", "speech alone", "text alone")


def probabilities(said: Prediction, task: Task) -> str:
    """Return the answer, with a bar for each label or score."""
    shares = _shares(said, task)
    values = said.scores or said.probabilities
    rows = "".join(
        f"<tr><th>{escape(label)}</th>"
        f'<td class="wide"><div class="bar"><i style="width:{100 * shares[label]:.1f}%"></i></div></td>'
        f'<td class="number">{_number(values[label], task)}</td></tr>'
        for label in sorted(task.labels, key=lambda one: -values[one])
    )
    unsure = "The model is unsure: a careful user would not take this answer. " if said.abstain else ""
    notes = unsure + "; ".join(filter(None, (said.note, said.transcript_from and f"read: {said.transcript}")))
    title = "" if isinstance(task, ScoreSet) else f'<b class="label">{escape(said.label or "none of them")}</b>'
    return f'{title}<table>{rows}</table><p class="note">{escape(notes)}</p>'


def modalities(alone: Told, both: Prediction, task: Task) -> str:
    """Return what each side alone says of the labels beside both together, or why that cannot be told."""
    if alone.why_not:
        return _aside(alone.why_not)
    head = "".join(f'<th class="number">{escape(label)}</th>' for label in task.labels)
    rows = "".join(
        f"<tr><th>{side}</th>"
        + "".join(
            f'<td class="number">{_number((said.scores or said.probabilities)[label], task)}</td>'
            for label in task.labels
        )
        + "</tr>"
        for side, said in zip(_SIDES, (both, *alone.answers), strict=True)
    )
    return f"<h4>What each side says alone</h4><table><tr><th></th>{head}</tr>{rows}</table>"


def timeline(over: Told, task: Task) -> str:
    """Return a strip for each label, darker where it is likelier."""
    if over.why_not or not over.answers:
        return _aside(over.why_not)
    rows = "".join(
        f'<span>{escape(label)}</span><div class="row">{"".join(_cell(one, label, task) for one in over.answers)}</div>'
        for label in task.labels
    )
    last = over.answers[-1].end or 0.0
    times = "".join(f"<span>{_clock(last * quarter / 4)}</span>" for quarter in range(5))
    whole = f"<h4>Over time, {over.how}</h4>" if over.how else "<h4>Over time</h4>"
    return (
        f'{whole}<div class="over" style="grid-template-columns:max-content 1fr;column-gap:.6rem">{rows}'
        f'<span></span><div class="times">{times}</div></div>'
    )


def _cell(said: Prediction, label: str, task: Task) -> str:
    when = f"{_clock(said.start)} to {_clock(said.end or 0.0)}"
    if said.error:
        return f'<i style="opacity:0" title="{escape(f"{when}: {said.error}")}"></i>'
    number = _number((said.scores or said.probabilities)[label], task)
    return f'<i style="opacity:{_shares(said, task)[label]:.3f}" title="{escape(f"{when}: {label} {number}")}"></i>'


def _shares(said: Prediction, task: Task) -> Mapping[str, float]:
    """Return how much of a bar each label fills, in [0, 1]."""
    if not isinstance(task, ScoreSet):
        return said.probabilities
    low, width = task.low, (task.high - task.low) or 1.0
    return {label: min(max((score - low) / width, 0.0), 1.0) for label, score in said.scores.items()}


def _number(value: float, task: Task) -> str:
    return f"{value:.2f}" if isinstance(task, ScoreSet) else f"{100 * value:.0f} %"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}"


def _aside(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>' if text else ""
