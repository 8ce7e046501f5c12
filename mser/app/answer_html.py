"""Answers as HTML: bars, a table of both sides, and a strip for each label over time."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from mser.app.asking import Answers, PartialAnswer
from mser.labels import ScoreSet, Task
from mser.use.prediction import Prediction

_SIDES = ("speech and text", "speech alone", "text alone")


def drawn(steps: PartialAnswer, task: Task) -> str:
    """Return all that is known so far, with a bar of progress while there is more to come."""
    parts = [_progress(steps)] if steps.of else []
    if steps.whole is not None:
        whole, alone, over = steps.whole, steps.alone, steps.over
        parts = [probabilities(whole, task), modalities(alone, whole, task), *parts, timeline(over, task)]
    return f'<div class="said">{"".join(parts)}</div>'


def refusal(why_not: str) -> str:
    """Return why there is no answer, in the one line that says it."""
    return f'<div class="said"><p class="refusal" role="alert">{escape(why_not[:1].upper() + why_not[1:])}</p></div>'


def waiting(what: str) -> str:
    """Return that there is nothing to show yet."""
    return f'<div class="said">{_going(what, None)}</div>'


def _progress(steps: PartialAnswer) -> str:
    what = "Listening" if steps.whole is None else "Listening window by window"
    if not steps.answered:
        return _going(f"{what}…", None)
    return _going(f"{what}: {_clock(steps.answered, 0)} of {_clock(steps.of, 0)}", steps.answered / steps.of)


def _going(what: str, share: float | None) -> str:
    bar = '<i class="unknown"></i>' if share is None else f'<i style="width:{100 * share:.1f}%"></i>'
    return f'<p class="going" role="status">{escape(what)}<span class="bar">{bar}</span></p>'


def probabilities(prediction: Prediction, task: Task) -> str:
    """Return the answer, with a bar for each label or score."""
    shares = _shares(prediction, task)
    values = prediction.scores or prediction.probabilities
    rows = "".join(
        f"<tr><th>{escape(label)}</th>"
        f'<td class="wide"><div class="bar"><i style="width:{100 * shares[label]:.1f}%"></i></div></td>'
        f'<td class="number">{_number(values[label], task)}</td></tr>'
        for label in sorted(task.labels, key=lambda one: -values[one])
    )
    unsure = "The model is unsure: a careful user would not take this answer. " if prediction.abstain else ""
    unlike = prediction.unlike_training and f"unlike the recordings of the training: {prediction.unlike_training}"
    read = prediction.transcript_from and f"read: {prediction.transcript}"
    notes = unsure + "; ".join(filter(None, (prediction.note, read, unlike)))
    title = "" if isinstance(task, ScoreSet) else f'<b class="label">{escape(prediction.label or "none of them")}</b>'
    return f'{title}<table>{rows}</table><p class="note">{escape(notes)}</p>'


def modalities(alone: Answers, both: Prediction, task: Task) -> str:
    """Return what each side alone says of the labels beside both together, or why that cannot be told."""
    if alone.why_not or not alone.answers:
        return _aside(alone.why_not)
    head = "".join(f'<th class="number">{escape(label)}</th>' for label in task.labels)
    rows = "".join(
        f"<tr><th>{side}</th>"
        + "".join(
            f'<td class="number">{_number((prediction.scores or prediction.probabilities)[label], task)}</td>'
            for label in task.labels
        )
        + "</tr>"
        for side, prediction in zip(_SIDES, (both, *alone.answers), strict=True)
    )
    return f'<h4>What each side says alone</h4><div class="sides"><table><tr><th></th>{head}</tr>{rows}</table></div>'


def timeline(over: Answers, task: Task) -> str:
    """Return a strip for each label, darker where it is likelier."""
    if over.why_not or not over.answers:
        return _aside(over.why_not)
    rows = "".join(
        f"<span>{escape(label)}</span>"
        f'<div class="row">{"".join(_cell(answer, label, task) for answer in over.answers)}</div>'
        for label in task.labels
    )
    last = over.answers[-1].end or 0.0
    digits = 0 if last >= 10 else 1
    times = "".join(f"<span>{_clock(last * quarter / 4, digits)}</span>" for quarter in range(5))
    how = f"Over time, {over.how}" if over.how else "Over time"
    return f'<h4>{how}</h4><div class="over">{rows}<span></span><div class="times">{times}</div></div>'


def _cell(prediction: Prediction, label: str, task: Task) -> str:
    when = f"{_clock(prediction.start, 1)} to {_clock(prediction.end or 0.0, 1)}"
    if prediction.error:
        return f'<i style="opacity:0" title="{escape(f"{when}: {prediction.error}")}"></i>'
    number = _number((prediction.scores or prediction.probabilities)[label], task)
    title = f"{when}: {label} {number}" + (f" ({prediction.transcript})" if prediction.transcript_from else "")
    return f'<i style="opacity:{_shares(prediction, task)[label]:.3f}" title="{escape(title)}"></i>'


def _shares(prediction: Prediction, task: Task) -> Mapping[str, float]:
    """Return how much of a bar each label fills, in [0, 1]."""
    if not isinstance(task, ScoreSet):
        return prediction.probabilities
    low, width = task.low, (task.high - task.low) or 1.0
    return {label: min(max((score - low) / width, 0.0), 1.0) for label, score in prediction.scores.items()}


def _number(value: float, task: Task) -> str:
    return f"{value:.2f}" if isinstance(task, ScoreSet) else f"{100 * value:.0f} %"


def _clock(seconds: float, digits: int) -> str:
    """Return minutes and seconds, rounded before they are parted: 59.97 s are 1:00.0."""
    rounded = round(seconds, digits)
    return f"{int(rounded // 60)}:{rounded % 60:0{3 + digits if digits else 2}.{digits}f}"


def _aside(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>' if text else ""
