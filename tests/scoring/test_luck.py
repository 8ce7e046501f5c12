"""Standard errors of a method by hand: over folds, over seeds, and by the greater of both."""

import numpy as np
import pytest
from scipy.stats import t as student

from mser.scoring.luck import Error, error, of_difference, of_folds, of_method, of_seeds

SCORES = np.array([[0.5, 0.6, 0.7], [0.52, 0.63, 0.65], [0.48, 0.63, 0.69]])
OTHER = np.array([[0.45, 0.5, 0.61], [0.45, 0.51, 0.62], [0.44, 0.5, 0.63]])


def test_an_error_needs_a_size_and_a_degree_of_freedom():
    assert error(0.01, 1) == Error(0.01, 1)
    assert error(0.01, 0.9) is None
    assert error(0.0, 5) is None


def test_no_p_is_smaller_and_no_interval_narrower_than_of_independent_utterances():
    assert Error(0.02, 4).p(0.05) == pytest.approx(2 * student.sf(2.5, 4))
    assert Error(0.02, 4, least=0.04).p(0.05) == pytest.approx(2 * student.sf(1.25, 1000))
    assert Error(0.02, 4, least=0.01).p(0.05) == pytest.approx(2 * student.sf(2.5, 4))
    assert Error(0.02, 4).half_width(0.95) == pytest.approx(0.02 * student.ppf(0.975, 4))
    assert Error(0.02, 4, least=0.04).half_width(0.95) == pytest.approx(0.04 * student.ppf(0.975, 1000))
    assert Error(0.02, 4).detectable(0.95) == pytest.approx(0.02 * (student.ppf(0.975, 4) + student.ppf(0.8, 4)))


def test_folds_without_the_score_are_left_out():
    assert of_folds(np.array([0.5, np.nan])) is None
    assert of_folds(np.array([0.5, 0.7])) == Error(pytest.approx(0.1), 1)
    assert of_folds(np.array([0.5, np.nan, 0.7, 0.6]), 0.2) == Error(pytest.approx(0.1 / np.sqrt(3)), 2, 0.2)


def test_folds_alike_are_as_sure_as_independent_utterances():
    assert of_folds(np.array([0.5, 0.5, 0.5]), 0.01) == Error(0.01, 2, 0.01)
    assert of_folds(np.array([0.5, 0.5, 0.5])) is None


def test_seeds_add_to_speakers_for_each_run_that_takes_part():
    one, other = np.array([0.5, 0.6, 0.7]), np.array([0.5, 0.51, 0.52, 0.53])
    parts = [(0.03**2, 10), (one.var(ddof=1) / 3, 2), (other.var(ddof=1) / 4, 3)]
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    assert of_seeds(Error(0.03, 10), [one, other]) == Error(pytest.approx(variance**0.5), pytest.approx(freedom))
    assert of_seeds(Error(0.03, 10), [one, other[:2]]) is None
    assert of_seeds(Error(0.03, 10), [one[:2], other]) is None


def test_the_greater_of_both_errors_counts():
    folds, differences = of_folds(SCORES.mean(0) - OTHER.mean(0), 0.01), [SCORES.mean(1), OTHER.mean(1)]
    wide, narrow = Error(0.5, 9), Error(0.001, 9)
    assert of_difference(SCORES, OTHER, wide, 0.01) == ("seeds", of_seeds(wide, differences))
    method, greater = of_difference(SCORES, OTHER, narrow, 0.01)
    seeds = of_seeds(narrow, differences)
    share = (seeds.size / folds.size) ** 2
    assert (method, greater.size, greater.least) == ("seeds", folds.size, 0.01)
    assert greater.freedom == pytest.approx(1 / (share / seeds.freedom + (1 - share) / 2))


def test_folds_judge_where_seeds_are_few_and_nothing_does_on_one_split():
    folds = of_folds(SCORES[:2].mean(0) - OTHER.mean(0), 0.01)
    assert of_difference(SCORES[:2], OTHER, Error(0.5, 9), 0.01) == ("folds", folds)
    assert of_difference(SCORES, OTHER, None, 0.01)[0] == "folds"
    assert of_difference(SCORES[:2, :1], OTHER[:, :1], Error(0.5, 9), 0.01) == ("none", None)
    assert of_difference(SCORES[:2, :2], OTHER[:, :2], Error(0.5, 9), 0.01)[0] == "folds"


def test_one_run_is_as_sure_as_its_folds_or_on_one_split_its_seeds():
    assert of_method(SCORES, Error(0.5, 9), 0.01) == of_folds(SCORES.mean(0), 0.01)
    assert of_method(SCORES[:, :2], Error(0.5, 9), 0.01) == of_folds(SCORES[:, :2].mean(0), 0.01)
    assert of_method(SCORES[:, :1], Error(0.5, 9), 0.01) == of_seeds(Error(0.5, 9), [SCORES[:, 0]])
    assert of_method(SCORES[:, :1], None, 0.01) is None


def test_what_a_seed_lacks_does_not_count_for_its_fold():
    scores = SCORES.copy()
    scores[0, 0] = np.nan
    assert of_method(scores, None, 0.01) == of_folds(np.array([0.5, 0.62, 0.68]), 0.01)
    scores[:, 0] = np.nan
    assert of_method(scores, None, 0.01) == Error(pytest.approx(0.03), 1, 0.01)
