"""How far observers agree on scores, against NumPy; and reports by any score that the answers have."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fake.runs import make_run

from mser.cli import main
from mser.manifest import Manifest, Rating
from mser.report.raters import alpha, raters
from mser.runs.run import read_run
from mser.scoring.clusters import clusters
from mser.scoring.regression import attributes

NAMES = ("valence", "arousal")


def rated(folder, observers, **options):
    """Return a run whose utterances are rated by these, who differ a little, and by the speaker, who is no observer."""
    run, rng = make_run(folder, task="scores", labels=NAMES, epochs=1, **options), np.random.default_rng(1)
    manifest = Manifest.read(run / "manifest.jsonl")
    utterances = []
    for number, one in enumerate(manifest.utterances):
        felt, own = rng.normal(3, 1, 2), Rating("self", scores=dict.fromkeys(NAMES, 99.0), is_self=True)
        ratings = [Rating(f"E{i}", scores=dict(zip(NAMES, rng.normal(felt, 0.3).tolist(), strict=True)))
                   for i in range(observers(number))]  # fmt: skip
        utterances.append(replace(one, ratings=(*ratings, own)))
    replace(manifest, utterances=tuple(utterances)).write(run / "manifest.jsonl")
    return run


def test_one_observer_is_judged_by_the_mean_of_the_others(tmp_path):
    run = read_run(rated(tmp_path / "run", lambda number: 1 + number % 3, folds=1, turns=30))
    ones, others = [], []
    for name in run.jobs[0].said.utterances:
        given = np.array([[r.scores[n] for n in NAMES] for r in run.utterances[name].ratings if not r.is_self])
        for row in range(len(given)) if len(given) > 1 else ():
            ones.append(given[row])
            others.append(np.delete(given, row, axis=0).mean(0))
    found = raters(run, clusters(run))
    expected = attributes(np.array(others), np.array(ones), NAMES)
    assert {name: found[name]["mean"] for name in expected} == pytest.approx(expected)
    low, high = found["ccc"]["interval"]
    assert low < found["ccc"]["mean"] < high
    assert found["observers"] == pytest.approx(2.5, abs=0.1)


def test_alpha_of_interval_data_by_hand():
    """1 less the mean squared difference within utterances over that of any two values."""
    ratings = [np.array([1.0, 2.0]), np.array([4.0, 4.0]), np.array([3.0, 5.0])]
    values = np.concatenate(ratings)
    within = np.mean([np.ptp(given) ** 2 for given in ratings])
    between = np.mean([(a - b) ** 2 for i, a in enumerate(values) for j, b in enumerate(values) if i != j])
    assert alpha(ratings) == pytest.approx(1 - within / between)
    assert alpha([np.ones(2), np.ones(3)]) is None


def test_a_page_shows_it_beside_the_model(tmp_path, capsys):
    run = rated(tmp_path / "run", lambda number: 3, turns=20)
    assert main(["report", str(run)]) == 0
    page = (run / "report/report.html").read_text()
    assert "tells how well one more person does" in page
    assert "Krippendorff’s alpha for interval data (1 is agreement, 0 chance): valence 0." in page
    rows = (run / "report/tables/raters.csv").read_text().splitlines()
    assert rows[0] == "run,score,an observer,low,high"
    assert rows[1].startswith("run,ccc,")


def test_nobody_else_is_no_ceiling(tmp_path):
    run = read_run(rated(tmp_path / "run", lambda number: 1, folds=1))
    assert raters(run, clusters(run)) is None
    labels = read_run(make_run(tmp_path / "labels", epochs=1, rated=True, folds=1))
    assert raters(labels, clusters(labels)) is None


@pytest.mark.parametrize(
    ("score", "better"), [("soft_accuracy", 1), ("js_divergence", -1), ("log_loss", -1), ("ece", -1)]
)
def test_runs_are_compared_by_what_is_said_of_their_probabilities(tmp_path, capsys, score, better):
    runs = [make_run(tmp_path / name, skill=skill, epochs=1, rated=True, turns=30) for name, skill in
            (("good", 0.95), ("poor", 0.3))]  # fmt: skip
    assert main(["report", *map(str, runs), "--json", "--score", score]) == 0
    found = json.loads(capsys.readouterr().out)
    good, poor = (run["overall"][score]["mean"] for run in found["runs"])
    [pair] = found["comparison"]["pairs"]
    assert pair["score"] == score
    assert pair["better"] == ("good" if better * (good - poor) > 0 else "poor")
    assert pair["difference"] == pytest.approx(abs(good - poor))
    if score.startswith(("soft", "js")):
        single = found["runs"][0]["observers"][score]
        assert found["runs"][0]["overall"][score] == {key: single[key] for key in single if key != "best"}
    assert found["runs"][0]["constant"] == "always giving each class its share"


def test_the_floor_of_probabilities_is_how_often_each_class_is(tmp_path, capsys):
    run = make_run(tmp_path / "run", epochs=1, folds=2)
    assert main(["report", str(run), "--json", "--score", "log_loss"]) == 0
    floor = json.loads(capsys.readouterr().out)["runs"][0]["overall"]["log_loss"]["floor"]
    entropies = []
    for job in read_run(run).jobs:
        shares = np.bincount(job.said.target) / len(job.said)
        entropies.append(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    assert floor == pytest.approx(np.mean(entropies))


def test_a_score_of_observers_where_there_are_none(tmp_path, capsys):
    run = make_run(tmp_path / "run", epochs=1, folds=1)
    assert main(["report", str(run), "--score", "soft_accuracy"]) == 2
    said = capsys.readouterr().err
    assert "has no score 'soft_accuracy'; give --score one of ua, wa" in said or "log_loss" in said
    assert len(said.splitlines()) == 1
