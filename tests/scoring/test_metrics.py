import doctest
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score, recall_score

from mser.scoring import metrics

LABELS = ["neu", "sad", "ang", "hap"]
PAIRS = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40)
BITS = st.tuples(st.sampled_from(LABELS), st.lists(st.floats(0, 1), min_size=4, max_size=4))


def named(codes):
    return [LABELS[code] for code in codes]


def scores(target, prediction):
    return metrics.classification(named(target), named(prediction), LABELS)


def test_examples_of_the_documentation_run():
    assert doctest.testmod(metrics).failed == 0


def test_case_d1_all_classes_present():
    target, prediction = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3], [0, 0, 1, 0, 1, 1, 2, 2, 0, 3]
    found = scores(target, prediction)
    assert found["wa"] == pytest.approx(0.7)
    assert found["ua"] == found["macro_f1"] == pytest.approx(0.7291667)
    assert found["weighted_f1"] == pytest.approx(0.7)
    assert [found[f"recall_{label}"] for label in LABELS] == pytest.approx([0.75, 2 / 3, 0.5, 1])
    counts = metrics.confusion(named(target), named(prediction), LABELS)
    assert counts.tolist() == [[3, 1, 0, 0], [0, 2, 1, 0], [1, 0, 1, 0], [0, 0, 0, 1]]


def test_case_d1b_a_class_that_does_not_occur_takes_no_part_in_ua():
    found = scores([0, 0, 1, 1, 2], [0, 3, 1, 1, 2])
    assert found["ua"] == pytest.approx(0.8333333)
    assert found["macro_f1"] == pytest.approx(0.6666667)
    assert found["weighted_f1"] == pytest.approx(0.8666667)
    assert np.isnan(found["recall_hap"])


def test_case_d1c_mean_over_folds_is_not_pooled():
    folds = [([0, 0, 1, 1], [0, 0, 1, 0]), ([0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0])]
    single = [scores(*fold) for fold in folds]
    pooled = scores(folds[0][0] + folds[1][0], folds[0][1] + folds[1][1])
    assert [fold["wa"] for fold in single] == pytest.approx([0.75, 2 / 3])
    assert [fold["ua"] for fold in single] == pytest.approx([0.75, 0.4])
    assert pooled["wa"] == pytest.approx(0.7)
    assert pooled["ua"] == pytest.approx(0.6904762)


def test_case_d2_one_vs_rest_of_the_paper():
    logits = np.array(
        [
            [-1, 2, 1, -1, 0.5, -0.5, 2, -2],
            [1, -1, -1, 1, 1, -1, 0.2, 0.1],
            [1, 0, 1, -1, -2, 2, 1, 0],
            [0, 1, 2, -1, 1, -1, -1, 1],
            [1, -1, 2, -2, 0, 1, 1, -1],
        ]
    ).reshape(5, 4, 2)
    present = 1 / (1 + np.exp(logits[..., 0] - logits[..., 1]))
    labels = ["neu", "sad", "ang", "hap"]
    found = metrics.one_vs_rest(named([0, 1, 2, 3, 3]), present, labels)
    assert [found[f"accuracy_{label}"] for label in labels] == pytest.approx([0.8, 1, 0.8, 0.8])
    assert [found[f"f1_{label}"] for label in labels] == pytest.approx([0.8190476, 1, 0.8190476, 0.7809524])
    assert found["mean_binary_accuracy"] == pytest.approx(0.85)


def test_floors_on_the_paper_s_test_session():
    target = ["neu"] * 384 + ["sad"] * 245 + ["ang"] * 170 + ["hap"] * 442
    floor = metrics.majority(target, LABELS)
    assert (round(100 * floor["wa"], 2), round(100 * floor["ua"], 2)) == (35.62, 25.0)
    absent = metrics.always_absent(target, LABELS)
    found = {label: (absent[f"accuracy_{label}"], absent[f"f1_{label}"]) for label in LABELS}
    expected = {"neu": (69.06, 56.42), "sad": (80.26, 71.47), "ang": (86.30, 79.96), "hap": (64.38, 50.43)}
    assert {label: (round(100 * a, 2), round(100 * f, 2)) for label, (a, f) in found.items()} == expected


def test_aliases_name_scores_that_exist():
    assert {metrics.ALIASES["accuracy"], metrics.ALIASES["uar"]} <= set(scores([0], [0]))


@given(PAIRS)
def test_classification_agrees_with_scikit_learn(pairs):
    target, prediction = map(list, zip(*pairs, strict=True))
    found = metrics.classification(target, prediction, LABELS)
    present = sorted(set(target))
    assert found["wa"] == pytest.approx(accuracy_score(target, prediction))
    assert found["ua"] == pytest.approx(
        recall_score(target, prediction, labels=present, average="macro", zero_division=0)
    )
    assert found["weighted_f1"] == pytest.approx(f1_score(target, prediction, average="weighted", zero_division=0))
    assert found["macro_f1"] == pytest.approx(f1_score(target, prediction, average="macro", zero_division=0))
    counts = metrics.confusion(target, prediction, LABELS)
    assert counts.tolist() == confusion_matrix(target, prediction, labels=LABELS).tolist()


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
@given(PAIRS)
def test_ua_is_balanced_accuracy(pairs):
    target, prediction = map(list, zip(*pairs, strict=True))
    expected = balanced_accuracy_score(target, prediction)
    assert metrics.classification(target, prediction, LABELS)["ua"] == pytest.approx(expected)


@given(st.lists(BITS, min_size=1, max_size=30))
def test_one_vs_rest_agrees_with_scikit_learn(rows):
    target, probabilities = [row[0] for row in rows], np.array([row[1] for row in rows])
    found = metrics.one_vs_rest(target, probabilities, LABELS)
    for column, label in enumerate(LABELS):
        true, said = [t == label for t in target], probabilities[:, column] > 0.5
        assert found[f"accuracy_{label}"] == pytest.approx(accuracy_score(true, said))
        assert found[f"f1_{label}"] == pytest.approx(f1_score(true, said, average="weighted", zero_division=0))
    assert found["mean_binary_accuracy"] == pytest.approx(np.mean([found[f"accuracy_{label}"] for label in LABELS]))


@given(PAIRS, st.integers(1, 5))
def test_many_confusion_matrices_are_scored_at_once_and_counts_may_be_weighted(pairs, weight):
    target, prediction = map(list, zip(*pairs, strict=True))
    counts = metrics.confusion(target, prediction, LABELS)
    found = metrics.from_confusion(np.stack([counts, weight * 0.5 * counts, counts[::-1, ::-1]]))
    expected = metrics.classification(target, prediction, LABELS)
    for name in ("wa", "ua", "weighted_f1", "macro_f1"):
        assert found[name] == pytest.approx([expected[name]] * 3)


def test_several_labels_are_judged_each_for_itself():
    present = np.array([[1, 0], [1, 1], [0, 0], [0, 0]], dtype=bool)
    found = metrics.multi_label(present, np.array([[0.9, 0.1], [0.2, 0.6], [0.1, 0.7], [0.3, 0.0]]), ["happy", "sad"])
    assert found["balanced_accuracy_happy"] == pytest.approx((0.5 + 1) / 2)
    assert found["balanced_accuracy_sad"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["mean_binary_accuracy"] == pytest.approx(6 / 8)
    floor = metrics.multi_label_floor(present, ["happy", "sad"])
    assert (floor["balanced_accuracy"], floor["accuracy_happy"], floor["accuracy_sad"]) == (0.5, 0.5, 0.75)
    assert floor["mean_binary_accuracy"] == pytest.approx((0.5 + 0.75) / 2)


@given(st.lists(st.sampled_from(LABELS), min_size=1), st.sampled_from(LABELS))
def test_no_constant_answer_beats_the_majority_floor(target, constant):
    floor = metrics.majority(target, LABELS)
    assert metrics.classification(target, [constant] * len(target), LABELS)["wa"] <= floor["wa"]
    assert floor["ua"] == pytest.approx(1 / len(Counter(target)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.classification(["neu"], [], LABELS), "1 true labels but 0 predicted"),
        (lambda: metrics.classification([], [], LABELS), "no utterances"),
        (lambda: metrics.classification(["exc"], ["neu"], LABELS), "'exc' is not one of neu, sad, ang, hap"),
        (lambda: metrics.one_vs_rest(["neu"], np.full((1, 4), np.nan), LABELS), "not between 0 and 1"),
        (lambda: metrics.one_vs_rest(["neu"], np.zeros((1, 3)), LABELS), r"\(1, 3\), expected \(1, 4\)"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_each_of_several_tables_is_scored_by_itself():
    tables = np.array([[[3, 1], [0, 2]], [[1, 1], [2, 0]]])
    for name, scores in metrics.by_class(tables).items():
        assert np.allclose(scores, [metrics.by_class(table)[name] for table in tables])
