"""Every metric once, for training and report alike; numpy only.

All of them look at whole sets of utterances at once: none may be averaged over batches or processes. The field names
the same two numbers twice: WA ("weighted accuracy") is plain accuracy, and UA ("unweighted accuracy") is the mean of
the class recalls, also called UAR or balanced accuracy; `ALIASES` says so to programs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

ALIASES: Mapping[str, str] = {"accuracy": "wa", "uar": "ua"}
"""Other names of the same numbers."""


def confusion(target: Sequence[str], prediction: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return how often each true class was taken for each class.

    Args:
        target: N true labels.
        prediction: N predicted labels.
        labels: the C classes, in the order of rows and columns.

    Returns:
        (C, C) counts; rows are the truth, columns the prediction. The same as scikit-learn's `confusion_matrix`.

    Raises:
        ValueError: if the lengths differ, nothing is given, or a label is not among `labels`.

    Example:
        >>> confusion(["ang", "ang", "neu"], ["ang", "neu", "neu"], labels=["ang", "neu"]).tolist()
        [[1, 1], [0, 1]]
    """
    if len(target) != len(prediction):
        raise ValueError(
            f"{len(target)} true labels but {len(prediction)} predicted ones: give one of each per utterance"
        )
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (_codes(target, labels), _codes(prediction, labels)), 1)
    return counts


def classification(target: Sequence[str], prediction: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Return accuracy, recalls and F1 of one label per utterance, each in 0..1.

    Classes that do not occur are treated as scikit-learn does: they take no part in a mean, rather than count as 0.

    Args:
        target: N true labels.
        prediction: N predicted labels.
        labels: the classes of the task.

    Returns:
        - ``wa``: share of utterances that are right (`accuracy_score`).
        - ``ua``: mean recall over the classes that occur in `target` (`balanced_accuracy_score`).
        - ``weighted_f1``: mean F1 over classes, weighted by how often each occurs in `target`.
        - ``macro_f1``: mean F1 over the classes that occur in `target` or `prediction`.
        - ``recall_<label>``: share of that class's utterances that are right; NaN where the class does not occur.

    Raises:
        ValueError: as `confusion`.

    Example:
        >>> scores = classification(["neu", "neu", "sad", "sad", "ang"], ["neu", "hap", "sad", "sad", "ang"],
        ...                         labels=["neu", "sad", "ang", "hap"])
        >>> {name: round(score, 4) for name, score in scores.items()}  # doctest: +NORMALIZE_WHITESPACE
        {'wa': 0.8, 'ua': 0.8333, 'weighted_f1': 0.8667, 'macro_f1': 0.6667,
         'recall_neu': 0.5, 'recall_sad': 1.0, 'recall_ang': 1.0, 'recall_hap': nan}
    """
    counts = confusion(target, prediction, labels)
    true, said, right = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    recalls = np.where(true > 0, right / np.maximum(true, 1), np.nan)
    f1 = 2 * right / np.maximum(true + said, 1)
    scores = {
        "wa": right.sum() / true.sum(),
        "ua": recalls[true > 0].mean(),
        "weighted_f1": (f1 * true).sum() / true.sum(),
        "macro_f1": f1[true + said > 0].mean(),
        **{f"recall_{label}": recall for label, recall in zip(labels, recalls, strict=True)},
    }
    return {name: float(score) for name, score in scores.items()}


def one_vs_rest(target: Sequence[str], probabilities: NDArray[np.floating], labels: Sequence[str]) -> dict[str, float]:
    """Return how well each emotion's presence was told from its absence, each in 0..1.

    One binary question per emotion, as the 2020 paper's code and the Multimodal Transformer (`eval_iemocap`) ask it.
    Never compare these with WA or UA: saying "absent" always already scores high (`always_absent`).

    Args:
        target: N true labels.
        probabilities: (N, C), that each emotion is present; above 0.5 counts as present.
        labels: the C emotions, in the order of the columns.

    Returns:
        ``accuracy_<label>`` and ``f1_<label>`` per emotion, the F1 weighted by how often absent and present occur
        (scikit-learn's `f1_score(average="weighted")`), and ``mean_binary_accuracy`` over the emotions.

    Raises:
        ValueError: if shapes do not fit, a probability is not in 0..1, or as `confusion`.

    Example:
        >>> one_vs_rest(["neu", "sad"], np.array([[0.9, 0.2], [0.6, 0.8]]), labels=["neu", "sad"])["accuracy_neu"]
        0.5
    """
    return _each_label(np.eye(len(labels), dtype=bool)[_codes(target, labels)], probabilities, labels)


def multi_label(
    present: NDArray[np.bool_], probabilities: NDArray[np.floating], labels: Sequence[str]
) -> dict[str, float]:
    """Return how well each of several labels was told, where more than one may hold.

    Args:
        present: (N, C), whether the label holds.
        probabilities: (N, C), that it holds; above 0.5 counts.
        labels: the C labels, in the order of the columns.

    Returns:
        What `one_vs_rest` returns, and ``balanced_accuracy_<label>``, the mean of the recalls of present and absent
        (the MOSEI papers' "weighted accuracy", (tp·n/p + tn) / 2n), and its mean ``balanced_accuracy``.

    Raises:
        ValueError: if shapes do not fit or a probability is not in 0..1.

    Example:
        >>> present = np.array([[1, 1, 0, 0, 0, 0, 0, 1]], dtype=bool).T
        >>> said = np.array([[1, 0, 0, 0, 1, 0, 0, 1.0]]).T
        >>> round(multi_label(present, said, labels=["happy"])["balanced_accuracy_happy"], 7)
        0.7333333
    """
    said = probabilities > 0.5
    scores = _each_label(present, probabilities, labels)
    balanced = {
        f"balanced_accuracy_{label}": _binary(present[:, column], said[:, column])["ua"]
        for column, label in enumerate(labels)
    }
    return {"balanced_accuracy": float(np.mean(list(balanced.values()))), **balanced, **scores}


def _each_label(
    present: NDArray[np.bool_], probabilities: NDArray[np.floating], labels: Sequence[str]
) -> dict[str, float]:
    if probabilities.shape != (len(present), len(labels)):
        raise ValueError(f"probabilities are {probabilities.shape}, expected ({len(present)}, {len(labels)})")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a probability is not between 0 and 1")
    said = probabilities > 0.5
    scores: dict[str, float] = {}
    for column, label in enumerate(labels):
        binary = _binary(present[:, column], said[:, column])
        scores |= {f"accuracy_{label}": binary["wa"], f"f1_{label}": binary["weighted_f1"]}
    return scores | {"mean_binary_accuracy": float((said == present).mean())}


def _binary(true: NDArray[np.bool_], said: NDArray[np.bool_]) -> dict[str, float]:
    states = ["absent", "present"]
    return classification(_named(true, states), _named(said, states), states)


def majority(target: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Return the floor of `classification`: what saying the most frequent class of `target` every time scores.

    It takes the most frequent class of the judged utterances themselves, so no constant answer has a higher WA.

    Example:
        >>> floor = majority(["neu", "neu", "neu", "sad"], labels=["neu", "sad"])
        >>> floor["wa"], floor["ua"]
        (0.75, 0.5)
    """
    counts = Counter(target)
    return classification(target, [max(labels, key=lambda label: counts[label])] * len(target), labels)


def always_absent(target: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Return the floor of `one_vs_rest`: what saying "absent" to every emotion of every utterance scores.

    Example:
        >>> always_absent(["neu", "neu", "neu", "sad"], labels=["neu", "sad"])["accuracy_sad"]
        0.75
    """
    return one_vs_rest(target, np.zeros((len(target), len(labels))), labels)


def _codes(names: Sequence[str], labels: Sequence[str]) -> NDArray[np.intp]:
    number = {label: code for code, label in enumerate(labels)}
    unknown = sorted({str(name) for name in names} - set(labels))
    if unknown:
        raise ValueError(f"label {unknown[0]!r} is not one of {', '.join(labels)}")
    if len(names) == 0:
        raise ValueError("no utterances were given: a score needs at least one")
    return np.array([number[name] for name in names], dtype=np.intp)


def _named(states: NDArray[np.bool_], names: Sequence[str]) -> list[str]:
    return [names[int(state)] for state in states]
