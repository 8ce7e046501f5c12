"""Intervals and tests: against references, against brute force, and by simulation."""

import json
import time
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from fake.runs import make_run, predictions_of, write_predictions
from scipy.stats import binomtest, t
from sklearn.metrics import balanced_accuracy_score

from mser.cli import main
from mser.labels import Kind
from mser.report.figures import figures
from mser.report.printed import p_value
from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions
from mser.runs.run import read_run
from mser.scoring import metrics
from mser.scoring.clusters import Clusters, clusters_of
from mser.scoring.regression import attributes
from mser.scoring.scorers import judge, one_vs_rest
from mser.scoring.statistics import (
    cluster_weights,
    holm,
    interval,
    mcnemar,
    permutation_p,
    sign_flips,
    standard_error,
    student_t,
)

LABELS = ("neu", "sad", "ang", "hap")


@pytest.mark.parametrize("freedom", [1, 2, 5, 29, 99, 101, 5000])
def test_student_s_t_is_scipy_s(freedom):
    assert student_t(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=1e-6)


@pytest.mark.parametrize(("one", "other"), [(0, 0), (5, 5), (0, 7), (3, 9), (700, 812)])
def test_mcnemar_is_the_binomial_test(one, other):
    expected = binomtest(one, one + other).pvalue if one + other else 1
    assert mcnemar(one, other) == pytest.approx(expected)
    assert mcnemar(one, other) == mcnemar(other, one)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([]) == []


def test_weights_keep_the_size_of_every_stratum_and_the_spread_of_the_clusters():
    strata = [0, 0, 1, 1, 1]
    weights = cluster_weights(strata, 40_000, np.random.default_rng(0))
    assert set(weights[:, :2].sum(1)) == {2}
    assert weights[:, 2:].sum(1) == pytest.approx(3)
    values = np.array([0.2, 0.8, 0.1, 0.5, 0.3])
    spread = (weights[:, 2:] @ values[2:] / 3).var()
    assert spread == pytest.approx(values[2:].var(ddof=1) / 3, rel=0.03)  # of a mean of three, unbiased


def test_intervals_stay_within_what_is_possible_and_want_some_spread():
    low, high = interval(0.97, 0.05, 5, "share")
    assert 0 < low < 0.97 < high < 1
    low, high = interval(-0.9, 0.3, 2, "agreement")
    assert -1 < low < -0.9 < high < 1
    assert interval(0.5, 2.0, 1, "error")[0] > 0
    assert interval(0.1, 0.02, 5) == pytest.approx((0.1 - 0.0514, 0.1 + 0.0514), abs=1e-4)
    assert interval(0.7, 0.0, 5, "share") is None
    assert interval(0.7, 0.1, 0, "share") is None
    assert interval(1.0, 0.1, 5, "share") is None


def predictions(task, rng, size=60):
    names = tuple(f"u{number:03}" for number in range(size))
    speakers = tuple(f"s{number % 6}" for number in range(size))
    none = np.empty((size, 0))
    if task == "labels":
        said = (rng.integers(0, 4, size), rng.integers(0, 4, size), rng.dirichlet(np.ones(4), size))
    elif task == "multi_label":
        said = (rng.random((size, 4)) < 0.4, rng.random((size, 4)) < 0.5, rng.random((size, 4)))
    else:
        target = np.round(rng.normal(0, 1.5, (size, 1 if task == "sentiment" else 2)) * 2) / 2
        said = (target, 0.7 * target + rng.normal(0, 0.8, target.shape), none)
    return Predictions(names, speakers, speakers, *said)


SCORERS = {
    "labels": judge(Question(Kind.LABELS, LABELS, exclusive=True)).scorer,
    "one_vs_rest": one_vs_rest(LABELS),
    "multi_label": judge(Question(Kind.MULTI_LABEL, LABELS, exclusive=False)).scorer,
    "sentiment": judge(Question(Kind.SCORES, ("sentiment",), exclusive=False)).scorer,
    "attributes": judge(Question(Kind.SCORES, ("valence", "arousal"), exclusive=False)).scorer,
}


@pytest.mark.parametrize("task", SCORERS)
@pytest.mark.parametrize("seed", range(3))
def test_scores_of_weighted_sums_are_the_scores_of_repeated_utterances(task, seed):
    rng = np.random.default_rng(seed)
    scorer, said = SCORERS[task], predictions("labels" if task == "one_vs_rest" else task, rng)
    times = rng.integers(0, 4, 6)
    each = np.array([times[int(name[1:])] for name in said.speakers])
    repeated = Predictions.pool([said.only({u}) for u, n in zip(said.utterances, each, strict=True) for _ in range(n)])
    found = scorer.of_sums((scorer.sums(said) * each[:, None]).sum(0))
    expected = scorer.score(repeated)
    assert {name: float(found[name]) for name in expected} == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("constant", [0.0, 0.1, -2.7])
def test_constant_predictions_agree_with_nothing_whatever_the_weights(constant):
    said = predictions("sentiment", np.random.default_rng(0))
    said = Predictions(*[getattr(said, name) for name in ("utterances", "speakers", "groups", "target")],
                       np.full_like(said.target, constant), said.probabilities)  # fmt: skip
    rows = np.random.default_rng(1).integers(0, 5, (50, 60)) @ SCORERS["sentiment"].sums(said)
    assert (SCORERS["sentiment"].of_sums(rows)["pearson"] == 0).all()


# Coverage. Speakers differ in how well they are understood, in what they say and how much; what is to be covered is the
# score that the folds would have with countless speakers.

FOLDS = (0.0, 0.35, -0.35, 0.2, -0.2, 0.1, -0.1, 0.3, -0.3, 0.0)
CLASSES = np.array([0.0, 0.4, 0.2, -0.5])


def talk(rng, count, fold, level, utterances):
    """Return the (count, 4, 4) confusion counts of new speakers."""
    true = rng.multinomial(rng.integers(*utterances, count), rng.dirichlet([6, 4, 4, 6], count))
    ease = level + FOLDS[fold] + CLASSES + rng.normal(0, 0.4, (count, 1)) + rng.normal(0, 0.3, (count, 4))
    right = 1 / (1 + np.exp(-ease))
    shares = np.empty((count, 4, 4))
    shares[:, np.eye(4, dtype=bool)] = right
    wrong = rng.dirichlet([3, 3, 3], (count, 4)) * (1 - right[..., None])
    shares[:, ~np.eye(4, dtype=bool)] = wrong.reshape(count, 12)
    return rng.multinomial(true, shares)


def simulated(folds, speakers, level, utterances, times, replicates=300):
    """Yield the true UA, an estimate, our replicates of it, the plain bootstrap's and the degrees of freedom."""
    rng = np.random.default_rng(7)
    countless = [talk(rng, 5000, fold, level, utterances).sum(0) for fold in range(folds)]
    truth = np.mean(metrics.from_confusion(np.stack(countless))["ua"])
    where = tuple(fold for fold in range(folds) for _ in range(speakers))
    found = Clusters("speaker", tuple(map(str, range(len(where)))), where, tuple(range(len(where))), {})
    weights = cluster_weights(found.strata, replicates, rng)
    plain = np.hstack([rng.multinomial(speakers, np.full(speakers, 1 / speakers), replicates) for _ in range(folds)])
    every = np.vstack([np.ones((1, len(where))), weights, plain])
    for _ in range(times):
        heard = [talk(rng, speakers, fold, level, utterances) for fold in range(folds)]
        table = np.concatenate(heard).reshape(len(where), 16).astype(float)
        ua = found.scores(SCORERS["labels"], every, table)["ua"]
        yield truth, float(ua[0]), ua[1 : replicates + 1], ua[replicates + 1 :], found.freedom


def coverage(*design, times):
    """Return how often our interval and the plain percentile interval cover UA."""
    ours, plain = [], []
    for truth, estimate, replicates, resampled, freedom in simulated(*design, times):
        low, high = interval(estimate, standard_error(estimate, replicates), freedom, "share")
        ours.append(low <= truth <= high)
        plain.append(np.quantile(resampled, 0.025) <= truth <= np.quantile(resampled, 0.975))
    return np.mean(ours), np.mean(plain)


def test_the_interval_covers_where_the_plain_bootstrap_does_not():
    """Five folds of two speakers, as on IEMOCAP."""
    ours, plain = coverage(5, 2, 0.8, (100, 300), times=1000)
    assert 0.92 <= ours <= 0.97
    assert plain < 0.85


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("design", "most"),
    [
        ((1, 10, 0.8, (60, 200)), 0.97),
        ((1, 60, 0.8, (15, 50)), 0.97),
        ((5, 2, 2.3, (200, 500)), 0.97),  # nine of ten are right
        # With a speaker per fold the folds' differences count as the speakers': the interval leans to caution.
        ((10, 1, 0.8, (200, 500)), 0.985),
    ],
)
def test_the_interval_covers_in_other_designs(design, most):
    ours, _ = coverage(*design, times=1000)
    assert 0.92 <= ours <= most


@pytest.mark.exhaustive
def test_the_intervals_of_numbers_cover():
    """Two folds of five speakers, each misjudged by an offset and a factor of its own."""

    def speak(count):
        target = [rng.normal(rng.normal(0, 0.3), 1, rng.integers(60, 200)) for _ in range(count)]
        said = [rng.normal(0.6, 0.15) * x + rng.normal(0, 0.3) + rng.normal(0, 0.6, len(x)) for x in target]
        rows = [np.stack([x**0, abs(y - x), x, y, x * x, y * y, x * y]) for x, y in zip(target, said, strict=True)]
        return np.stack([row.sum(1) for row in rows])

    rng = np.random.default_rng(5)
    scorer = judge(Question(Kind.SCORES, ("valence",), exclusive=False)).scorer
    truth = scorer.of_sums(speak(20_000).sum(0))
    found = Clusters("speaker", tuple("abcdefghij"), (0,) * 5 + (1,) * 5, tuple(range(10)), {})
    weights = np.vstack([np.ones((1, 10)), cluster_weights(found.strata, 300, rng)])
    scales = {"ccc": "agreement", "pearson": "agreement", "mae": "error"}
    covered = dict.fromkeys(scales, 0)
    for _ in range(600):
        scores = found.scores(scorer, weights, speak(10))
        for name, scale in scales.items():
            estimate = float(scores[name][0])
            low, high = interval(estimate, standard_error(estimate, scores[name][1:]), found.freedom, scale)
            covered[name] += low <= truth[name] <= high
    assert all(0.92 <= count / 600 <= 0.97 for count in covered.values())


def test_the_permutation_test_of_two_models_errs_as_often_as_it_says_where_speakers_are_independent():
    """Ten speakers, two models that are equally good on average; what training adds is in `test_verdicts`."""
    rng = np.random.default_rng(3)
    flips, exact = sign_flips(10, rng)
    assert exact
    differences = rng.normal(0, 1, (2000, 10)) * rng.uniform(0.5, 2, 10)
    values = np.array([permutation_p(flips @ row) for row in differences])
    assert 0.035 <= (values <= 0.05).mean() <= 0.065


def test_intervals_of_gaps_are_cut_at_nothing_and_those_of_agreement_follow_the_slope_of_fisher_s_z():
    half = student_t(9) * 0.1
    assert interval(0.5, 0.1, 9, "gap") == pytest.approx((0.5 - half, 0.5 + half))
    assert interval(0.1, 0.1, 9, "gap") == pytest.approx((0, 0.1 + half))
    ends = [np.tanh(np.arctanh(0.6) + side * half / 0.64) for side in (-1, 1)]
    assert interval(0.6, 0.1, 9, "agreement") == pytest.approx(ends)


def test_all_flips_of_three_speakers_are_there_once():
    flips, exact = sign_flips(3, np.random.default_rng(0))
    assert exact
    assert sorted(map(tuple, flips.tolist())) == sorted(product([-1, 1], repeat=3))
    assert flips[0].tolist() == [1, 1, 1]


def test_many_speakers_are_flipped_at_random():
    flips, exact = sign_flips(40, np.random.default_rng(0), most=500)
    assert (flips.shape, exact, set(flips[0])) == ((501, 40), False, {1})
    assert permutation_p((flips @ np.ones(40)).astype(float)) == 1 / 501


# Runs


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """As large as IEMOCAP: 5,530 utterances; no test may change it."""
    return read_run(make_run(tmp_path_factory.mktemp("runs") / "large", turns=553, seeds=(1, 2), epochs=1))


def test_ten_thousand_replicates_of_iemocap_take_less_than_five_seconds(run):
    begun = time.process_time()
    found = figures(run, SCORERS["labels"], clusters_of(run))
    assert time.process_time() - begun < 5
    assert asdict(clusters_of(run).resampling()) == {
        "level": 0.95, "unit": "speaker", "number": 10, "unnamed": {}, "effective": pytest.approx(10), "strata": 5,
        "degrees_of_freedom": 5, "replicates": 10_000, "seed": 0,
    }  # fmt: skip
    low, high = found["ua"].interval
    assert low < found["ua"].mean < high
    assert figures(run, SCORERS["labels"], clusters_of(run)) == found


def test_thousands_of_clusters_are_weighed_in_pieces(run):
    found = clusters_of(run)
    many = Clusters("utterance", tuple(map(str, range(3000))), (0,) * 3000, tuple(range(3000)), {})
    pieces = many.weights()
    assert next(pieces).shape == (1333, 3000)
    assert [len(piece) for piece in found.weights()] == [10_000]


def design(tmp_path, capsys, edit, **options):
    """Return the report's clusters and UA of a run whose rows were edited."""
    made = make_run(tmp_path / "made", epochs=1, **options)
    (made / "manifest.jsonl").unlink()  # it would contradict speakers that are edited
    for path in sorted(made.glob("seed1/fold*")):
        fold = int(path.name[4:])
        write_predictions(made, [row | edit(row) for row in predictions_of(made, fold=fold)], fold=fold)
    assert main(["report", str(made), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return found, found["runs"][0]["clusters"], found["runs"][0]["overall"]["ua"]["interval"]


def test_a_speaker_per_fold_is_compared_with_the_other_folds(tmp_path, capsys):
    _, rests, ends = design(tmp_path, capsys, lambda row: {"speaker": f"speaker{row['fold']}"})
    assert (rests["number"], rests["strata"], rests["degrees_of_freedom"]) == (5, 1, 4)
    assert ends[0] < ends[1]


def test_a_single_lone_speaker_joins_another_fold(tmp_path, capsys):
    _, rests, _ = design(tmp_path, capsys, lambda row: {"speaker": "lone"} if row["fold"] == "3" else {})
    assert (rests["number"], rests["strata"]) == (9, 4)


def test_speakers_of_several_folds_are_drawn_from_all(tmp_path, capsys):
    _, rests, ends = design(tmp_path, capsys, lambda row: {"speaker": row["utterance"][-1]})
    assert (rests["number"], rests["strata"], rests["degrees_of_freedom"]) == (10, 1, 9)
    assert ends[0] < ends[1]


def test_where_speakers_are_unknown_dialogues_are_drawn(tmp_path, capsys):
    found, rests, _ = design(tmp_path, capsys, lambda _: {"speaker": ""})
    assert (rests["unit"], rests["number"]) == ("group", 10)
    assert "95% intervals of the method: over folds, with 10 groups in all" in found["answer"]
    _, rests, _ = design(tmp_path / "b", capsys, lambda _: {"speaker": "", "group": ""})
    assert (rests["unit"], rests["number"]) == ("utterance", 120)


def test_one_speaker_tells_nothing_of_others(tmp_path, capsys):
    found, rests, ends = design(tmp_path, capsys, lambda _: {"speaker": "only"}, folds=1)
    assert (rests["degrees_of_freedom"], ends) == (0, None)
    assert "(one fold and seed; 1 speaker, too few for an interval)" in found["answer"]


# Pairs of runs


def compare(capsys, *runs):
    assert main(["report", *map(str, runs), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def said(run, fold):
    return [row for row in predictions_of(run, fold=fold) if row["split"] == "test"]


def test_a_pair_is_tested_as_by_swapping_the_predictions_themselves(tmp_path, capsys):
    runs = [
        make_run(tmp_path / name, folds=2, turns=15, skill=skill, epochs=1) for name, skill in (("a", 0.5), ("b", 0.8))
    ]
    pair = compare(capsys, *runs)["comparison"]["pairs"][0]
    rows = [[said(run, fold) for fold in (1, 2)] for run in runs]
    speakers = sorted({row["speaker"] for fold in rows[0] for row in fold})
    truth = [[row["target"] for row in fold] for fold in rows[0]]
    differences = []
    for swap in product([0, 1], repeat=len(speakers)):
        swapped = dict(zip(speakers, swap, strict=True))
        mixed = [
            [[rows[which ^ swapped[row["speaker"]]][fold][n]["prediction"] for n, row in enumerate(rows[0][fold])]
             for fold in (0, 1)]
            for which in (0, 1)
        ]  # fmt: skip
        ua = [np.mean([balanced_accuracy_score(truth[fold], run[fold]) for fold in (0, 1)]) for run in mixed]
        differences.append(ua[1] - ua[0])
    assert (pair["better"], pair["worse"], pair["flips"], pair["exact"]) == ("b", "a", 16, True)
    assert pair["difference"] == pytest.approx(differences[0])
    assert pair["of_these_weights"]["p"] == np.mean(np.abs(differences) >= differences[0] - 1e-12)
    right = [[row["target"] == row["prediction"] for fold in run for row in fold] for run in rows]
    alone = [sum(x and not y for x, y in zip(*pair_of, strict=True)) for pair_of in (right[::-1], right)]
    assert pair["mcnemar"] == {
        "seeds": [1, 1],
        "only_better": alone[0],
        "only_worse": alone[1],
        "p": pytest.approx(binomtest(alone[0], sum(alone)).pvalue),
    }


def test_a_clear_difference_is_said_in_a_sentence(tmp_path, capsys):
    runs = [
        make_run(tmp_path / name, turns=60, skill=skill, epochs=1) for name, skill in (("poor", 0.3), ("good", 0.9))
    ]
    found = compare(capsys, *runs)
    pair = found["comparison"]["pairs"][0]
    low, high = (100 * end for end in pair["interval"])
    assert pair["sentence"] == (
        f"good is better than poor by {100 * pair['difference']:.1f} UA points [{low:.1f}, {high:.1f}], "
        f"{p_value(pair['p'])}, over 5 folds, one seed each."
    )
    assert pair["sentence"] in found["answer"]
    assert pair["p"] == pair["p_holm"] < 0.001
    assert pair["of_these_weights"]["p"] == pair["of_these_weights"]["p_holm"] == 2 / 1024
    assert pair["effect"] > 2
    page = Path(tmp_path / "report/report.html").read_text().replace("\xa0", " ").replace("&lt;", "<")
    assert f"<b>better</b> {pair['sentence']}" in page


def test_more_pairs_are_corrected_for_their_number(tmp_path, capsys):
    runs = [make_run(tmp_path / name, turns=30, skill=skill, epochs=1)
            for name, skill in (("a", 0.5), ("b", 0.55), ("c", 0.9))]  # fmt: skip
    pairs = compare(capsys, *runs)["comparison"]["pairs"]
    assert [{pair["better"], pair["worse"]} for pair in pairs] == [{"a", "b"}, {"a", "c"}, {"b", "c"}]
    assert [pair["p_holm"] for pair in pairs] == holm([pair["p"] for pair in pairs])
    assert "(Holm, 3 comparisons)" in pairs[0]["sentence"]


def test_a_run_like_another_is_not_better(tmp_path, capsys):
    runs = [make_run(tmp_path / name, skill=0.6, epochs=1) for name in ("one", "twin")]
    pair = compare(capsys, *runs)["comparison"]["pairs"][0]
    assert (pair["difference"], pair["interval"], pair["p"], pair["effect"]) == (0, None, 1, None)
    assert (pair["verdict"], pair["method"], pair["smallest_detectable"]) == ("unclear", "folds", None)
    assert (
        "one and twin cannot be told apart: the difference is 0.0 UA points, p = 1.000, over 5 folds, one seed each."
        in pair["sentence"]
    )
    assert pair["mcnemar"]["p"] == 1


def test_two_speakers_are_too_few_to_tell(tmp_path, capsys):
    runs = [
        make_run(tmp_path / name, folds=1, turns=40, skill=skill, epochs=1)
        for name, skill in (("poor", 0.2), ("good", 1))
    ]
    found = compare(capsys, *runs)["comparison"]
    pair = found["pairs"][0]
    assert found["family"] == (
        "Swapping the answers to 2 speakers gives no smaller p of these weights than 0.5: too few to call any two "
        "trained models different."
    )
    assert pair["sentence"].startswith("These two trained models cannot be told apart: good is ahead by 64.3 UA points")


def test_other_numbers_of_seeds_can_be_compared(tmp_path, capsys):
    runs = [make_run(tmp_path / "three", seeds=(1, 2, 3), epochs=1), make_run(tmp_path / "one", skill=0.8, epochs=1)]
    found = compare(capsys, *runs)
    ua = [row["ua"]["mean"] for row in found["comparison"]["rows"]]
    assert found["comparison"]["pairs"][0]["difference"] == pytest.approx(abs(ua[0] - ua[1]))


def test_less_error_is_better(tmp_path, capsys):
    runs = [make_run(tmp_path / name, task="scores", labels=("sentiment",), turns=30, skill=skill, epochs=1)
            for name, skill in (("rough", 0.2), ("fine", 0.95))]  # fmt: skip
    pair = compare(capsys, *runs)["comparison"]["pairs"][0]
    assert (pair["better"], pair["score"], pair["mcnemar"]) == ("fine", "mae", None)
    assert pair["difference"] > 0
    assert f"by {pair['difference']:.3f} MAE [" in pair["sentence"]


def test_partial_runs_are_not_tested(tmp_path, capsys):
    runs = [make_run(tmp_path / name, epochs=1) for name in ("whole", "half")]
    (runs[1] / "seed1/fold2/metrics.json").unlink()
    assert compare(capsys, *runs)["comparison"]["pairs"] == []


def test_attribute_sums_give_the_concordance():
    said = predictions("attributes", np.random.default_rng(2))
    scorer = SCORERS["attributes"]
    found = scorer.of_sums(scorer.sums(said).sum(0))
    assert found["ccc"] == pytest.approx(attributes(said.target, said.prediction, ["valence", "arousal"])["ccc"])
