"""Agreement of the observers and soft labels, against SciPy and by hand."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from fake.runs import make_run
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from mser.cli import main
from mser.manifest import Manifest, Rating
from mser.report.agreement.observers import _counted, _each, agreement, observers, soft_scores, votes
from mser.report.agreement.people import alpha
from mser.runs.run import read_run
from mser.scoring.clusters import clusters_of

SHARES = st.lists(st.floats(0.001, 1), min_size=4, max_size=4).map(lambda row: np.array(row) / sum(row))


@settings(max_examples=50)
@given(SHARES, SHARES, st.booleans())
def test_the_scores_are_scipy_s(q, p, sure):
    if sure:
        q = np.eye(4)[q.argmax()]
    accuracy, cross, divergence = soft_scores(q[None], p[None], p[None].argmax(1))[0]
    assert accuracy == q[p.argmax()]
    assert cross == pytest.approx(entropy(q) + entropy(q, p))
    assert divergence == pytest.approx(jensenshannon(q, p, base=2) ** 2, abs=1e-9)
    assert 0 <= divergence <= 1


def rated(folder, ratings, **options):
    """Return a run in which the first utterance is rated like this, and nobody else is."""
    run = make_run(folder, epochs=1, **options)
    manifest = Manifest.read(run / "manifest.jsonl")
    first, *others = manifest.utterances
    replace(manifest, utterances=(replace(first, ratings=ratings), *others)).write(run / "manifest.jsonl")
    return read_run(run), first


def test_votes_are_split_merged_and_the_speaker_is_no_observer(tmp_path):
    ratings = (Rating("E1", ("Excited", "Anger")), Rating("E2", ("Happiness",)), Rating("E3", ("Frustration",)),
               Rating("E4", ()), Rating("F1", ("Sadness",), is_self=True))  # fmt: skip
    run, first = rated(tmp_path / "both", ratings)
    assert {name: one.tolist() for name, one in votes(run).items()} == {first.id: [0, 0, 0.5, 1.5]}
    index = {"neu": 0, "sad": 0, "ang": 1 / 3, "hap": 2 / 3}
    assert agreement(run) == {first.id: pytest.approx(index[first.label])}
    found = observers(run, clusters_of(run))
    assert (found.utterances, found.observers, found.outside) == (1, 3, pytest.approx(1 / 3))


def test_a_vote_for_no_class_is_no_vote(tmp_path):
    run, _ = rated(tmp_path / "both", (Rating("E1", ("Frustration",)), Rating("F1", ("Anger",), is_self=True)))
    assert observers(run, clusters_of(run)) is None


@pytest.mark.parametrize("objective", ["CrossEntropy", "OneVsRest"])
def test_the_report_holds_agreement_and_soft_scores(tmp_path, capsys, objective):
    run = make_run(tmp_path / "both", epochs=1, rated=True, turns=30, seeds=(1, 2), objective=objective)
    assert main(["report", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"][0]
    kinds = found["agreements"]
    assert set(kinds) <= {"all observers", "more than half", "half or fewer"}
    assert len(kinds) >= 2
    assert sum(kind["utterances"] for kind in kinds.values()) == 300

    read = read_run(run)
    shares = {name: one / one.sum() for name, one in votes(read).items()}
    folds = []
    for job in read.jobs:
        q = np.array([shares[name] for name in job.predictions.utterances])
        p = job.predictions.probabilities / job.predictions.probabilities.sum(1, keepdims=True)
        prior = q.mean(0)
        folds.append([
            q[np.arange(len(q)), job.predictions.prediction].mean(), entropy(q.T).mean() + entropy(q.T, p.T).mean(),
            (jensenshannon(q.T, p.T, base=2) ** 2).mean(), prior.max(), entropy(prior),
        ])  # fmt: skip
    accuracy, cross, divergence, floor, prior = np.mean(folds, axis=0)
    soft = found["observers"]
    assert soft["soft_accuracy"]["mean"] == pytest.approx(accuracy)
    assert soft["soft_cross_entropy"]["mean"] == pytest.approx(cross)
    assert soft["js_divergence"]["mean"] == pytest.approx(divergence)
    assert soft["soft_accuracy"]["floor"] == pytest.approx(floor)
    assert soft["soft_cross_entropy"]["floor"] == pytest.approx(prior)
    for name in ("soft_accuracy", "soft_cross_entropy", "js_divergence"):
        low, high = soft[name]["interval"]
        assert low < soft[name]["mean"] < high
    assert soft["soft_cross_entropy"]["best"] < min(cross, prior)
    assert soft["soft_accuracy"]["best"] > max(accuracy, floor)
    assert "What the observers said" in (run / "report/report.html").read_text()
    with (run / "report/tables/observers.csv").open(newline="") as file:
        assert [row["score"] for row in csv.DictReader(file)] == [
            "soft_accuracy",
            "soft_cross_entropy",
            "js_divergence",
            "distribution_f1",
        ]


def test_without_ratings_nothing_is_said_of_observers(tmp_path, capsys):
    run = make_run(tmp_path / "both", epochs=1)
    assert main(["report", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"][0]
    assert (found["agreements"], found["observers"]) == (None, None)
    assert "What the observers said" not in (run / "report/report.html").read_text()


def test_each_observer_is_left_out_once(tmp_path):
    """Of three who say hap, hap, sad: two pairs of six agree; sad is guessed by nobody, hap where the others tie."""
    ratings = (Rating("E1", ("Excited",)), Rating("E2", ("Happiness",)), Rating("E3", ("Sadness",)),
               Rating("E4", ("Frustration",)), Rating("F1", ("Anger",), is_self=True))  # fmt: skip
    run, _ = rated(tmp_path / "both", ratings)
    found = observers(run, clusters_of(run)).people
    assert found.utterances == 1
    assert found.scores["soft_accuracy"].mean == pytest.approx(2 / 6)
    assert found.scores["guess"].mean == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert found.scores["ua"].mean == 0  # only the two who agree have a label, which the third has not said
    # Of one utterance nothing tells what chance is: alpha is 1 - (5 pairs of 6 that differ) (4 - 1) / (10 of 12).
    assert found.alpha == pytest.approx(1 - (4 - 1) * 10 / 3 / 10)


def test_the_ceiling_is_that_of_pairs_of_observers(tmp_path, capsys):
    run = make_run(tmp_path / "both", epochs=1, rated=True, turns=30)
    assert main(["report", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"][0]["observers"]
    people = found["people"]
    read, folds = read_run(run), []
    for job in read.jobs:
        agree = []
        for name in job.predictions.utterances:
            votes = [vote for vote in _each(_counted(read), read.utterances[name])]
            agree += [votes[i] @ sum(votes[:i] + votes[i + 1 :]) / sum(map(np.sum, votes[:i] + votes[i + 1 :]))
                      / votes[i].sum() for i in range(len(votes)) if len(votes) > 1]  # fmt: skip
        folds.append(np.mean(agree))
    assert people["soft_accuracy"]["mean"] == pytest.approx(np.mean(folds))
    low, high = people["soft_accuracy"]["interval"]
    assert low < people["soft_accuracy"]["mean"] < high <= 1
    assert people["guess"]["mean"] == pytest.approx(np.mean(folds), abs=0.05)  # of three, the others are two
    assert people["soft_accuracy"]["mean"] < found["soft_accuracy"]["best"]
    assert 0 < people["alpha"] < 1
    assert "Krippendorff’s alpha is" in (run / "report/report.html").read_text()


def test_krippendorff_s_own_example():
    """Four observers, twelve units, values 1 to 5: alpha is 0.743 for nominal data (Krippendorff 2011, section C)."""
    values = ["1 1 - 1", "2 2 3 2", "3 3 3 3", "3 3 3 3", "2 2 2 2", "1 2 3 4", "4 4 4 4", "1 1 2 1", "2 2 2 2",
              "- 5 5 5", "- - 1 1", "- - 3 -"]  # fmt: skip
    counts = np.array([[row.split().count(str(value)) for value in range(1, 6)] for row in values])
    assert alpha(counts) == pytest.approx(0.743, abs=0.0005)
    assert alpha(np.array([[3, 0], [2, 0]])) is None
    assert alpha(np.array([[1, 0], [0, 1]])) is None
