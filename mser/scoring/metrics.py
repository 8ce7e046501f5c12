"""Every metric once, for training and report alike; numpy only.

All of them look at whole sets of utterances at once: none may be averaged over batches or processes. The field names
the same two numbers twice: WA ("weighted accuracy") is plain accuracy, and UA ("unweighted accuracy") is the mean of
the class recalls, also called UAR or balanced accuracy; `ALIASES` says so to programs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIASES: Mapping[str, str] = {"accuracy": "wa", "uar": "ua"}
"""Other names of the same numbers."""
OF_A_CLASS = ("precision", "recall", "class_f1")
"""What `by_class` tells, in the order of the usual table."""


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
    scores = from_confusion(confusion(target, prediction, labels))
    recalls = scores.pop("recall")
    return {
        **{name: float(score) for name, score in scores.items()},
        **{f"recall_{label}": float(recall) for label, recall in zip(labels, recalls, strict=True)},
    }


def from_confusion(counts: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Return what `classification` does, of any number of confusion matrices at once; their counts may be weighted.

    Args:
        counts: (..., C, C), rows are the truth.

    Returns:
        ``wa``, ``ua``, ``weighted_f1``, ``macro_f1``, each (...), and ``recall``, (..., C); NaN where undefined.

    Example:
        >>> from_confusion(np.array([[[3, 1], [0, 2]], [[1, 1], [0, 0]]]))["wa"].round(3).tolist()
        [0.833, 0.5]
    """
    true, said, right = counts.sum(-1), counts.sum(-2), np.diagonal(counts, axis1=-2, axis2=-1)
    recalls, f1 = _ratio(right, true), _ratio(2 * right, true + said)
    return {
        "wa": _ratio(right.sum(-1), true.sum(-1)),
        "ua": _mean_of_known(recalls),
        "weighted_f1": _ratio((np.nan_to_num(f1) * true).sum(-1), true.sum(-1)),
        "macro_f1": _mean_of_known(f1),
        "recall": recalls,
    }


def by_class(counts: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Return the scores of each class by itself, of any number of confusion matrices at once; counts may be weighted.

    Args:
        counts: (..., C, C), rows are the truth.

    Returns:
        ``recall``, ``precision`` and ``class_f1``, their harmonic mean, each (..., C). A recall is NaN where the class
        does not occur, a precision where it is never said, an F1 where neither.

    Example:
        >>> {name: scores.round(3).tolist() for name, scores in by_class(np.array([[3, 1], [0, 2]])).items()}
        {'recall': [0.75, 1.0], 'precision': [1.0, 0.667], 'class_f1': [0.857, 0.8]}
    """
    true, said, right = counts.sum(-1), counts.sum(-2), np.diagonal(counts, axis1=-2, axis2=-1)
    return {
        "recall": _ratio(right, true),
        "precision": _ratio(right, said),
        "class_f1": _ratio(2 * right, true + said),
    }


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
    present = np.eye(len(labels), dtype=bool)[_codes(target, labels)]
    scores = multi_label(present, probabilities, labels)
    return {name: score for name, score in scores.items() if not name.startswith("balanced_accuracy")}


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
    scores = from_presence(presence(present, probabilities, labels).sum(0), labels)
    return {name: float(score) for name, score in scores.items()}


def presence(
    present: NDArray[np.bool_], probabilities: NDArray[np.floating], labels: Sequence[str]
) -> NDArray[np.int64]:
    """Return (N, C, 2, 2): for each utterance and label, a one where absent or present meets what was said.

    Raises:
        ValueError: as `multi_label`.

    Example:
        >>> presence(np.array([[True]]), np.array([[0.2]]), ["happy"]).tolist()
        [[[[0, 0], [1, 0]]]]
    """
    if probabilities.shape != (len(present), len(labels)):
        raise ValueError(f"probabilities are {probabilities.shape}, expected ({len(present)}, {len(labels)})")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a probability is not between 0 and 1")
    states = np.eye(2, dtype=np.int64)
    true, predicted = states[present.astype(int)], states[(probabilities > 0.5).astype(int)]
    return np.asarray(np.einsum("nct,ncs->ncts", true, predicted), dtype=np.int64)


def from_presence(counts: NDArray[Any], labels: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return what `multi_label` does, of any number of (..., C, 2, 2) counts at once; they may be weighted."""
    binary = from_confusion(counts)
    kinds = {"balanced_accuracy": "ua", "accuracy": "wa", "f1": "weighted_f1"}
    each = {
        f"{kind}_{label}": binary[name][..., column]
        for kind, name in kinds.items()
        for column, label in enumerate(labels)
    }
    means = {"balanced_accuracy": binary["ua"].mean(-1), "mean_binary_accuracy": binary["wa"].mean(-1)}
    return means | each


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


def multi_label_floor(present: NDArray[np.bool_], labels: Sequence[str]) -> dict[str, float]:
    """Return the floor of `multi_label`: for each label the better of always "absent" and always "present".

    Example:
        >>> multi_label_floor(np.array([[True], [True], [False]]), ["happy"])["balanced_accuracy_happy"]
        0.5
    """
    constants = [multi_label(present, np.full(present.shape, constant, dtype=float), labels) for constant in (0, 1)]
    each = {
        name: max(scores[name] for scores in constants)
        for name in constants[0]
        if name not in ("balanced_accuracy", "mean_binary_accuracy")
    }
    return {
        "balanced_accuracy": float(np.mean([each[f"balanced_accuracy_{label}"] for label in labels])),
        "mean_binary_accuracy": float(np.mean([each[f"accuracy_{label}"] for label in labels])),
        **each,
    }


def _codes(names: Sequence[str], labels: Sequence[str]) -> NDArray[np.intp]:
    number = {label: code for code, label in enumerate(labels)}
    unknown = sorted({str(name) for name in names} - set(labels))
    if unknown:
        raise ValueError(f"label {unknown[0]!r} is not one of {', '.join(labels)}")
    if len(names) == 0:
        raise ValueError("no utterances were given: a score needs at least one")
    return np.array([number[name] for name in names], dtype=np.intp)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0))


def _mean_of_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0).sum(-1), defined.sum(-1))
