"""What a published classifier answers: emotions under names of its own, several at once, or scores."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mser.errors import UserError
from mser.objectives import CrossEntropy, Objective, OneVsRest, Regression

ATTRIBUTES = ("arousal", "activation", "dominance", "valence", "sentiment")
_STEMS = (
    "ang disg disappr fear fea hap joy neu sad sur calm contempt excit exc frustr fru bored anx amus laugh stress "
    "emotion pleasant posit pos negat neg mixed relax cheer irrit worr fur pride shame "  # English
    "wut ärger aerger freude freud trauer traurig angst ekel überrasch langeweile ruhig "  # German
    "ira enojo enfado alegr feliz triste trist miedo asco sorpresa "  # Spanish
    "colère colere joie peur dégo dego "  # French
    "rabbia gioia paura felic raiva medo nojo злость гнев радост грусть печаль страх отвращ удивл нейтр "
    "生气 愤怒 高兴 开心 快乐 悲伤 难过 伤心 恐惧 害怕 厌恶 惊讶 吃惊 中立 中性 平静 "
    "怒り 喜び 悲しみ 분노 기쁨 슬픔 중립"
).split()
"""What names of emotions begin with; three letters are how corpora shorten them."""


def is_emotion(label: str) -> bool:
    """Return whether a label looks like an emotion, or an attribute of one.

    Example:
        >>> [is_emotion(one) for one in ("生气/angry", "05_Sadness", "arousal", "id10270", "LABEL_0", "female")]
        [True, True, True, False, False, False]
    """
    words = re.findall(r"[^\W\d_]+", label.lower())
    return any(word.startswith((*_STEMS, *ATTRIBUTES)) for word in words)


def labels_of(config: Mapping[str, Any]) -> list[str]:
    """Return ``id2label`` in the order of the logits; nothing where there is none.

    Example:
        >>> labels_of({"id2label": {"1": "sad", "0": "neu"}})
        ['neu', 'sad']
    """
    named = config.get("id2label")
    if not isinstance(named, Mapping) or not all(str(key).isdigit() for key in named):
        return []
    return [str(named[key]) for key in sorted(named, key=int)]


def require_emotions(name: str, labels: Sequence[str], outputs: int, *, given: bool) -> None:
    """Refuse labels that are none of emotions, or not as many as the classifier has outputs.

    Args:
        name: of the checkpoint.
        labels: in the order of its outputs.
        outputs: of its classifier.
        given: whether the user named them, who may call an emotion what they like.

    Raises:
        UserError: for such labels.
    """
    if len(labels) != outputs or len(set(labels)) != len(labels):
        described = f"{len(labels)} labels" if labels else "no labels"
        twice = ", one of them twice" if len(set(labels)) < len(labels) else ""
        raise UserError(
            f"{name} has {described}{twice} for the {outputs} outputs of its classifier; "
            + ("give a name for each" if given else "name them in its order with --labels neutral,happy,...")
        )
    if not given and 2 * sum(map(is_emotion, labels)) < len(labels):
        few = ", ".join(labels[:6]) + (", ..." if len(labels) > 6 else "")
        raise UserError(
            f"{name} answers {few}, which are no emotions: it is a model of another task; if they are, name them in "
            "its order with --labels neutral,happy,..."
        )


def task_of(
    config: Mapping[str, Any], labels: Sequence[str], score_range: tuple[float, float]
) -> tuple[dict[str, Any], type[Objective]]:
    """Return a model folder's ``task``, and the objective that turns logits into its answers.

    Args:
        config: of the checkpoint.
        labels: in the order of its outputs.
        score_range: least and greatest score, where it gives scores.
    """
    task: dict[str, Any] = {"name": "published", "labels": list(labels)}
    kind = config.get("problem_type")
    if kind == "regression" or {label.lower() for label in labels} <= set(ATTRIBUTES):
        low, high = score_range
        return task | {"kind": "scores", "low": low, "high": high}, Regression
    if kind == "multi_label_classification":
        return task | {"kind": "multi_label", "exclusive": False}, OneVsRest
    return task | {"kind": "labels", "exclusive": True}, CrossEntropy
