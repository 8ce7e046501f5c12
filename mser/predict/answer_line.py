"""One answer in a line, for a reader."""

from __future__ import annotations

from mser.use.prediction import MADE_UP, Prediction


def answer_line(prediction: Prediction) -> str:
    """Return one answer for a reader."""
    cut = f" {prediction.start:.1f}-{prediction.end:.1f} s" if prediction.end is not None else ""
    who = f" {prediction.speaker}" if prediction.speaker else ""
    name = f"{prediction.audio or prediction.transcript}{cut}{who}: "
    if prediction.error:
        return f"{name}no answer: {prediction.error}"
    transcript = f' "{prediction.transcript}"' if prediction.transcript_from else ""
    remark = prediction.note.removeprefix(MADE_UP).removeprefix("; ")  # which is said once, at the end
    unlike = prediction.unlike_training and f"unlike the training: {prediction.unlike_training}"
    note = transcript + "".join(f" ({one})" for one in (remark, unlike) if one)
    if prediction.scores:
        return name + ", ".join(f"{label} {score:.2f}" for label, score in prediction.scores.items()) + note
    ranked = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])
    unsure = " (unsure)" if prediction.abstain else ""
    return f"{name}{prediction.label or 'none'}{unsure}; " + ", ".join(f"{label} {p:.0%}" for label, p in ranked) + note
