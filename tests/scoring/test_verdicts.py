"""How often verdicts err, and intervals cover, where speakers, sessions, training sets and seeds all vary."""

from dataclasses import replace

import numpy as np
import pytest
from fake.worlds import draw, iemocap, official, truth

from mser.labels import Kind
from mser.report.figures import intervals, models_error
from mser.runs.csv_cells import Question
from mser.scoring.clusters import Clusters
from mser.scoring.luck import of_difference, of_method
from mser.scoring.scorers import judge
from mser.scoring.statistics import cluster_weights

FOLDS = dict(session=2.0, training=1.0)
PAIRS = {
    **{f"seed {seed}": FOLDS | {"seed": seed} for seed in (0.0, 0.8, 1.5, 2.2, 3.0)},
    "other settings": FOLDS | {"seed": 1.5, "config_speaker": 2.0, "config_training": 1.5},
}
SCORES = {
    "speakers only": {},
    "realistic": FOLDS | {"seed": 1.0},
    "correlated training sets": FOLDS | {"seed": 1.0, "alike": 0.5},
    "strong sessions": {"session": 4.0, "seed": 1.5},
    "strong seeds": {"speaker": 1.5, "seed": 2.5},
}
SIX_FRIENDS = np.r_[np.full(6, 361), np.full(24, 8), np.full(36, 7)]
OFFICIAL = {
    "mosi": (np.full(31, 22), 0.5),
    "mosi, lucky": (np.full(31, 22), 1.0),
    "meld": (SIX_FRIENDS, 1.0),
    "mosei": (np.full(676, 7), 1.0),
    "msp": (np.full(237, 126), 1.0),
}


def scored(world, corpora, rng, replicates=60, **how):
    """Return UA by (corpus, run, seed, fold), that of these models resampled (corpus, run, R), and what was drawn."""
    drawn = draw(world, rng, corpora, **how)
    groups = len(world.folds)
    scorer = judge(Question(Kind.LABELS, tuple("abcd"[: world.classes]), exclusive=True)).scorer
    found = Clusters("speaker", tuple(map(str, range(groups))), tuple(world.folds), tuple(range(groups)), {},
                     tuple(world.sizes.sum(1)))  # fmt: skip
    folds = [drawn.tables[..., world.folds == fold, :].sum(-2) for fold in range(max(world.folds) + 1)]
    by_fold = np.stack([scorer.of_sums(sums)["ua"] for sums in folds], -1)
    resampled = None
    if replicates:
        weights = cluster_weights(found.strata, replicates, rng)
        resampled = np.mean([found.scores(scorer, weights, drawn.tables[:, :, seed])["ua"]
                             for seed in range(drawn.tables.shape[2])], axis=0)  # fmt: skip
    return by_fold, resampled, drawn, found


def verdicts(world, corpora, rng, **how):
    """Return the share of pairs that are called better, and what the trained models alone would have said."""
    scores, resampled, _, found = scored(world, corpora, rng, runs=2, **how)
    better = of_weights = 0
    for number, (one, other) in enumerate(scores):
        difference, speakers = one.mean() - other.mean(), None
        if resampled is not None:
            speakers = models_error(difference, resampled[number, 0] - resampled[number, 1], found.freedom, 0.0)
            of_weights += speakers.p(difference) < 0.05
        _, error = of_difference(one, other, speakers, 0.0)
        better += error is not None and error.p(difference) < 0.05
    return better / corpora, of_weights / corpora


def coverage(world, corpora, rng, seeds):
    """Return how often the method's interval, its folds alone and the models' interval hold what the method scores."""
    scores, resampled, drawn, found = scored(world, corpora, rng, seeds=seeds)
    true, covered = truth(world), np.zeros(3)
    for one, replicates, models in zip(scores[:, 0], resampled[:, 0], drawn.models[:, 0], strict=True):
        of_models, (low, high) = intervals("ua", one, replicates, found.freedom, 0.0)
        assert low <= of_models[0]
        assert of_models[1] <= high
        alone = of_method(one, None, 0.0)
        covered += (
            low <= true <= high,
            abs(one.mean() - true) <= alone.half_width(0.95),
            of_models[0] <= models <= of_models[1],
        )
    return covered / corpora


def test_the_same_settings_are_seldom_better_by_one_seed_each():
    rng = np.random.default_rng(0)
    better, _ = verdicts(iemocap(rng, **PAIRS["seed 3.0"]), 1500, rng, replicates=0)
    assert better <= 0.06


def test_the_same_settings_are_seldom_better_by_three_seeds_each_though_their_models_differ():
    rng = np.random.default_rng(1)
    better, of_weights = verdicts(iemocap(rng, **PAIRS["other settings"]), 300, rng, seeds=3)
    assert better <= 0.06
    assert of_weights > 0.12


def test_a_true_difference_is_found():
    """Three points, five seeds, which move a fold by 1.5 points."""
    rng = np.random.default_rng(2)
    better, _ = verdicts(iemocap(rng, **PAIRS["seed 1.5"]), 150, rng, seeds=5, gain=3.3)
    assert better >= 0.6


def test_one_split_and_one_seed_decide_nothing():
    one, other = np.array([[0.7]]), np.array([[0.6]])
    assert of_difference(one, other, None, 0.01) == ("none", None)
    assert of_difference(np.repeat(one, 3, 0), other, None, 0.01) == ("none", None)


def test_the_interval_of_the_method_covers_what_the_method_scores():
    rng = np.random.default_rng(3)
    method, folds, models = coverage(iemocap(rng, **SCORES["strong sessions"]), 600, rng, seeds=1)
    assert 0.93 <= folds <= method <= 0.985
    assert models < 0.9


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", PAIRS)
def test_verdicts_err_seldom_over_folds(name):
    rng = np.random.default_rng(5)
    world = iemocap(rng, **PAIRS[name])
    assert verdicts(world, 6000, rng, replicates=0)[0] <= 0.06
    assert verdicts(world, 500, rng, seeds=3)[0] <= 0.06


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", OFFICIAL)
def test_verdicts_err_seldom_on_one_split(name):
    """Where the models alone would be called better in up to four of five pairs."""
    rng, (sizes, seed) = np.random.default_rng(5), OFFICIAL[name]
    better, of_weights = verdicts(official(sizes, seed=seed), 200, rng, seeds=3)
    assert better <= 0.06
    assert of_weights > better


@pytest.mark.exhaustive
@pytest.mark.parametrize("seeds", [1, 5])
@pytest.mark.parametrize("name", SCORES)
def test_the_interval_of_the_method_covers_in_every_world(name, seeds):
    """Folds alone cover as they say; that the interval also holds that of these models makes it err to caution."""
    rng = np.random.default_rng(6)
    method, folds, _ = coverage(iemocap(rng, **SCORES[name]), 1000, rng, seeds=seeds)
    assert 0.93 <= folds <= 0.97
    assert folds <= method <= 0.995


@pytest.mark.exhaustive
def test_unequal_speakers_count_as_fewer():
    """Six of 66 speakers have most utterances: as many degrees of freedom as 66 would have are too many."""
    rng = np.random.default_rng(7)
    world = official(SIX_FRIENDS)
    scores, resampled, drawn, found = scored(world, 1000, rng, replicates=200)
    assert found.freedom == pytest.approx(found.effective - 1)
    assert 7 < found.effective < 10
    ours = equal = 0
    for one, replicates, models in zip(scores[:, 0], resampled[:, 0], drawn.models[:, 0], strict=True):
        (low, high), _ = intervals("ua", one, replicates, found.freedom, 0.0)
        ours += low <= models <= high
        (low, high), _ = intervals("ua", one, replicates, len(found.names) - 1, 0.0)
        equal += low <= models <= high
    assert 0.92 <= ours / 1000 <= 0.97
    assert equal < ours


def test_folds_of_one_speaker_weigh_as_their_speaker_does():
    """What is resampled there are the folds: without it the error would be that of nothing."""
    rng = np.random.default_rng(8)
    world = iemocap(rng)
    sizes = world.sizes[::2]
    scores, resampled, _, found = scored(replace(world, sizes=sizes, folds=np.arange(5)), 40, rng, replicates=2000)
    assert found.strata == [-1] * 5
    error = np.sqrt(((resampled - scores.mean((2, 3))[..., None]) ** 2).mean(-1))[:, 0]
    assert error == pytest.approx(scores[:, 0, 0].std(1, ddof=1) / np.sqrt(5), rel=0.06)
