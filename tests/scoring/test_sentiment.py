import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import accuracy_score, f1_score

from mser.scoring.sentiment import rounded, sentiment, sentiment_floor

TARGET = np.array([-3, -1.4, -0.2, 0, 0, 0.4, 0.5, 1.5, 2.5, 3])
PREDICTION = np.array([-3.6, -0.4, 0.3, 0.2, -0.1, 0.6, 1.5, 1.2, 2.4, 3.9])


def test_a_case_worked_by_hand():
    scores = sentiment(TARGET, PREDICTION)
    expected = {
        **{"mae": 0.49, "pearson": 0.9597013, "acc7": 0.6, "acc5": 0.6, "acc3": 0.7, "acc7_sdk": 0.5},
        **{"acc2_has0": 0.8, "weighted_f1_has0": 0.8, "acc2_non0": 0.875, "weighted_f1_non0": 0.8681818},
    }
    assert scores == pytest.approx(expected, abs=1e-7)


def test_the_same_as_scikit_learn_and_scipy():
    polar = TARGET != 0
    scores = sentiment(TARGET, PREDICTION)
    assert scores["pearson"] == pytest.approx(pearsonr(TARGET, PREDICTION)[0])
    assert scores["acc2_non0"] == pytest.approx(accuracy_score(TARGET[polar] > 0, PREDICTION[polar] > 0))
    f1 = f1_score(TARGET[polar] > 0, PREDICTION[polar] > 0, average="weighted")
    assert scores["weighted_f1_non0"] == pytest.approx(f1)


def test_halves_go_to_even():
    assert rounded(np.array([0.5, 1.5, 2.5, -0.5, -1.5, -9.0]), most=3).tolist() == [0, 2, 2, 0, -2, -3]


def test_constant_predictions_and_neutral_truths():
    assert sentiment(TARGET, np.zeros(10))["pearson"] == 0.0
    neutral = sentiment(np.zeros(3), np.ones(3))
    assert np.isnan(neutral["acc2_non0"])
    assert neutral["mae"] == 1.0


@pytest.mark.parametrize(("target", "prediction"), [(np.zeros(0), np.zeros(0)), (np.zeros(2), np.zeros(3))])
def test_scores_that_do_not_fit(target, prediction):
    with pytest.raises(ValueError, match="give one of each per utterance"):
        sentiment(target, prediction)


def test_a_prediction_of_zero_is_not_positive():
    assert sentiment(np.array([1.0]), np.array([0.0]))["acc2_non0"] == 0.0
    assert sentiment(np.array([-1.0]), np.array([0.0]))["acc2_non0"] == 1.0
    assert sentiment(np.array([1.0, -1.0]), np.zeros(2))["acc2_non0"] == 0.5


def test_a_prediction_of_zero_is_not_negative():
    assert sentiment(np.array([1.0, 0.0]), np.zeros(2))["acc2_has0"] == 1.0
    assert sentiment(np.array([-1.0]), np.zeros(1))["acc2_has0"] == 0.0


def test_the_best_constant_may_be_negative():
    floor = sentiment_floor(np.array([-3.0, -3.0, -2.0, 1.0, 2.0]))
    assert (floor["acc7"], floor["acc2_non0"], floor["mae"]) == (0.4, 0.6, 1.8)


def test_neutral_truths_are_left_out_by_their_score_and_not_by_a_class_number():
    target, prediction = np.array([1.0, -1, 1, 1, 0]), np.array([1.0, -1, 1, -1, 0])
    assert sentiment(target, prediction)["acc2_non0"] == 0.75
