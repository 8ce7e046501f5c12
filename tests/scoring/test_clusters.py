"""Which clusters are drawn together, how many they count as, and what scores they weigh to, by hand."""

import numpy as np
import pytest

from mser.scoring.clusters import Clusters
from mser.scoring.scorers import Scorer

SCORER = Scorer(
    score=lambda said: {}, floor=lambda said: {}, sums=lambda said: np.zeros((0, 2)),
    of_sums=lambda sums: {"share": np.where(sums[..., 1] > 0, sums[..., 0] / np.maximum(sums[..., 1], 1), np.nan)},
)  # fmt: skip


def clusters(folds, members=None, sizes=(), kinds=None):
    """Return one cluster for each cell where no members are given; speakers, where no kinds are."""
    members = tuple(range(len(folds))) if members is None else members
    number = max(members) + 1
    names = tuple(f"s{place}" for place in range(number))
    return Clusters("speaker", names, tuple(folds), members, {}, tuple(sizes), kinds or ("speaker",) * number)


@pytest.mark.parametrize(
    ("folds", "strata"),
    [
        ((0, 0, 1, 1), [0, 0, 1, 1]),
        ((0, 1, 2), [-1, -1, -1]),  # one in each fold: over all folds
        ((0, 0, 1), [-1, -1, -1]),  # a single lone one joins another fold
        ((0, 1, 1, 2, 2), [-1, -1, -1, 2, 2]),  # the first of the others
        ((0, 0, 1, 2), [0, 0, -1, -1]),
        ((0,), [-1]),
    ],
)
def test_a_cluster_is_drawn_within_its_fold_unless_it_is_alone_there(folds, strata):
    assert clusters(folds).strata == strata


def test_who_is_in_several_folds_is_drawn_from_all():
    both = clusters((0, 0, 1, 1), members=(0, 1, 0, 2))
    assert both.strata == [0, 0, 0]
    assert both.freedom == 2


def test_what_has_no_speaker_is_drawn_beside_the_speakers_of_its_fold():
    kinds = ("speaker", "speaker", "group", "group", "speaker", "speaker")
    beside = clusters((0, 0, 0, 0, 1, 1), sizes=(9,) * 6, kinds=kinds)
    assert beside.strata == [0, 0, 6, 6, 1, 1]
    assert beside.unnamed == {"group": 2}
    assert beside.freedom == 3
    assert beside.resampling().strata == 3


@pytest.mark.parametrize(("size", "stratum"), [(4, 3), (5, 0), (6, 0)])
def test_a_lone_one_half_as_large_as_a_speaker_stands_for_one(size, stratum):
    kinds = ("speaker", "speaker", "utterance")
    assert clusters((0, 0, 0), sizes=(10, 12, size), kinds=kinds).strata == [0, 0, stratum]


def test_without_any_speaker_there_is_nothing_to_be_beside():
    alone = clusters((0, 0, 1, 1), kinds=("group", "group", "group", "utterance"))
    assert alone.strata == [0, 0, 1, 1]


def test_unequal_clusters_count_as_fewer():
    assert clusters((0, 0, 1, 1)).effective == pytest.approx(4)
    assert clusters((0, 0, 1, 1), sizes=(1, 3, 2, 2)).effective == pytest.approx(4 / (0.0625 + 0.5625 + 0.25 + 0.25))
    assert clusters((0, 0, 1), members=(0, 1, 0), sizes=(1, 3, 7)).effective == pytest.approx(4 / (1.25**2 + 0.75**2))


def test_freedom_is_of_clusters_or_of_the_effective_ones_where_these_are_fewer_than_half():
    assert clusters((0, 0, 0, 1, 1)).freedom == 3
    unequal = clusters((0,) * 6, sizes=(95, 1, 1, 1, 1, 1))
    assert unequal.effective == pytest.approx(10000 / (95**2 + 5))
    assert unequal.freedom == pytest.approx(unequal.effective - 1)
    kinds = ("speaker",) * 2 + ("group",) * 6
    beside = clusters((0,) * 8, sizes=(94, 1, 1, 1, 1, 1, 0, 1), kinds=kinds)
    assert beside.freedom == pytest.approx(10000 / (94**2 + 6) - 1)  # groups beside them are no further stratum
    assert clusters((0, 0, 1, 1, 1), sizes=(99, 1, 98, 1, 1)).freedom == pytest.approx(0.061, abs=0.001)
    half = clusters((0, 0, 0, 0), sizes=(97, 1, 1, 1))
    assert 2 * half.effective < 4
    assert half.freedom == pytest.approx(half.effective - 1)


def test_scores_are_means_over_folds_that_count_as_much_as_their_clusters_weigh():
    both = clusters((0, 0, 1))
    table = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 4.0]])  # right ones, and all
    weights = np.array([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 3.0]])
    found = both.scores(SCORER, weights, table)["share"]
    by_hand = [(4 / 6 + 1 / 4) / 2, (1 / 2 + 1 / 4) / 2, 1 / 4, (4 / 6 + 3 * 1 / 4) / 4]
    assert found == pytest.approx(by_hand)
    rest = np.array([[0.0, 2.0], [0.0, 0.0], [2.0, 0.0]])
    assert both.scores(SCORER, weights[1:3], table, rest)["share"] == pytest.approx([(2 / 6 + 3 / 4) / 2, 3 / 8])


def test_a_fold_counts_as_its_speakers_weigh_and_not_what_is_beside_them():
    kinds = ("speaker", "speaker", "group", "group", "speaker")
    beside = clusters((0, 0, 0, 0, 1), sizes=(4,) * 5, kinds=kinds)
    table = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, 4.0], [0.0, 4.0], [3.0, 3.0]])
    found = beside.scores(SCORER, np.array([[2.0, 1.0, 3.0, 0.0, 1.0]]), table)["share"]
    assert found == pytest.approx((1.5 * 3 / 18 + 1) / 2.5)


def test_nothing_is_said_where_no_fold_counts():
    assert np.isnan(clusters((0, 0)).scores(SCORER, np.zeros((1, 2)), np.ones((2, 2)))["share"]).all()
