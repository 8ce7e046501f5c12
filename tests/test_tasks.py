"""How answers are written down and judged, and the numbers behind scores and several labels."""

import math

import numpy as np
import pytest
from scipy.stats import pearsonr

from mser.labels import UNKNOWN, LabelSet, MultiLabel, ScoreSet
from mser.manifest import Utterance
from mser.scoring.metrics import multi_label
from mser.scoring.regression import attributes, concordance, pearson
from mser.scoring.sentiment import sentiment_floor
from mser.tasks import columns, score

TWO = LabelSet("two", ("neu", "sad"))
MOODS = MultiLabel("moods", ("happy", "sad"))
VAD = ScoreSet("vad", ("valence", "arousal"), 1, 5)
SENTIMENT = ScoreSet("sentiment", ("sentiment",), -3, 3)


def said(**fields):
    return Utterance("a", "a.wav", 1.0, "", "s", "g", **fields)


def test_columns_of_every_kind():
    assert columns(TWO, UNKNOWN, [0.9, 0.1]) == {"target": "", "prediction": "neu", "p_neu": "0.9", "p_sad": "0.1"}
    assert columns(MOODS, [1.0, 1.0], [0.9, 0.5]) == {
        "target": "happy+sad", "prediction": "happy", "p_happy": "0.9", "p_sad": "0.5",
    }  # fmt: skip
    assert columns(MOODS, [math.nan, 0.0], [0.9, 0.5])["target"] == ""
    assert columns(SENTIMENT, [-1.4], [0.25]) == {"target": "-1.4", "prediction": "0.25"}
    assert columns(VAD, [math.nan, 2.0], [1.0, 3.0]) == {
        "target_valence": "", "target_arousal": "2", "prediction_valence": "1", "prediction_arousal": "3",
    }  # fmt: skip


def test_targets_and_selection():
    rated, unrated = said(label="sad", scores={"happy": 0.3, "sad": 0.0, "valence": 2.0, "arousal": 3.0}), said()
    assert [task.select([rated, unrated]) for task in (TWO, MOODS, VAD)] == [[rated]] * 3
    assert (TWO.target(rated), TWO.target(unrated)) == (1, UNKNOWN)
    assert (MOODS.target(rated), VAD.target(rated)) == ([1.0, 0.0], [2.0, 3.0])
    assert all(map(math.isnan, MOODS.target(unrated) + VAD.target(unrated)))
    assert MOODS.counts([rated, unrated]) == {"happy": 1, "sad": 0}
    assert VAD.counts([rated, unrated]) == {"valence": 1, "arousal": 1}


def test_scores_of_every_kind():
    answer = np.array([[0.9, 0.1], [0.4, 0.6]])
    assert score(TWO, np.array([0, 0]), answer)["wa"] == 0.5
    assert score(MOODS, np.array([[1.0, 0.0], [0.0, 1.0]]), answer)["balanced_accuracy"] == 1.0
    assert score(SENTIMENT, np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]]))["mae"] == 0.5
    assert score(VAD, answer, answer)["ccc"] == 1.0


def test_concordance_and_correlation():
    x, y = np.array([1.0, 2, 3, 4, 5]), np.array([1.5, 2, 2.5, 4.5, 4])
    assert concordance(x, y) == pytest.approx(0.8955224, abs=1e-7)
    assert pearson(x, y) == pytest.approx(pearsonr(x, y)[0])
    assert concordance(x, np.zeros(5)) == pearson(x, np.zeros(5)) == 0.0
    assert concordance(np.ones(3), np.ones(3)) == 0.0
    each = attributes(np.stack([x, x], 1), np.stack([y, x], 1), ["a", "b"])
    assert each["ccc"] == pytest.approx((each["ccc_a"] + 1) / 2)


def test_balanced_accuracy_is_the_weighted_one_of_mosei():
    true, found = np.array([[1, 1, 0, 0, 0, 0, 0, 1]]).T, np.array([[1, 0, 0, 0, 1, 0, 0, 1.0]]).T
    assert multi_label(true.astype(bool), found, ["happy"])["balanced_accuracy_happy"] == pytest.approx(0.7333333)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        multi_label(true.astype(bool), found * 2, ["happy"])


def test_the_floor_of_sentiment_is_the_best_constant():
    target = np.array([-1.0] * 4 + [0.0] * 2 + [2.0] * 3)
    floor = sentiment_floor(target)
    assert floor["acc2_has0"] == pytest.approx(5 / 9)
    assert floor["acc2_non0"] == pytest.approx(4 / 7)
    assert floor["acc7"] == pytest.approx(4 / 9)
    assert floor["pearson"] == 0.0
