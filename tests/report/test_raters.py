"""How far observers agree on scores: one left out, against the mean of the others."""

import json
import random
from dataclasses import replace

import krippendorff
import numpy as np
import pytest
from fake.runs import make_run, predictions_of

from mser.cli import main
from mser.manifest import Manifest, Rating
from mser.report.agreement.raters import alpha
from mser.scoring.regression import concordance, mean_absolute_error

LABELS = ("valence", "activation")


def rated(folder, **options):
    """Return a run of scores whose manifest says what two or three observers and the speaker gave."""
    run = make_run(folder, task="scores", labels=LABELS, label_set="iemocap-vad", epochs=1, **options)
    manifest = Manifest.read(run / "manifest.jsonl")
    targets = {row["utterance"]: row for fold in range(1, 6) for row in predictions_of(run, fold=fold)}
    utterances = [replace(one, ratings=rate(one.id, targets[one.id])) for one in manifest.utterances]
    replace(manifest, utterances=tuple(utterances)).write(run / "manifest.jsonl")
    return run


def rate(name, row):
    luck = random.Random(name)
    given = [
        {label: float(row[f"target_{label}"]) + round(luck.gauss(0, 1)) for label in LABELS}
        for _ in range(luck.choice([1, 2, 3]))
    ]
    own = Rating("A-F1", (), dict.fromkeys(LABELS, 5.0), is_self=True)
    return (*[Rating(f"A-E{place}", (), scores) for place, scores in enumerate(given)], own)


def left_out(run, label):
    """Return by fold the means of others, what the one said, and what the model says."""
    ratings = {one.id: one.ratings for one in Manifest.read(run / "manifest.jsonl").utterances}
    folds = []
    for fold in range(1, 6):
        rows = []
        for row in predictions_of(run, fold=fold):
            given = [one.scores[label] for one in ratings[row["utterance"]] if not one.is_self]
            for place, one in enumerate(given):
                others = given[:place] + given[place + 1 :]
                if row["split"] == "test" and others:
                    rows.append((np.mean(others), one, float(row[f"prediction_{label}"])))
        folds.append(np.array(rows).T)
    return folds


def test_one_observer_and_the_model_are_judged_against_the_mean_of_the_others(tmp_path, capsys):
    run = rated(tmp_path / "vad", turns=20)
    assert main(["report", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["runs"][0]
    raters = found["raters"]
    for label in LABELS:
        folds = left_out(run, label)
        for side, place in (("people", 1), ("model", 2)):
            for name, measure in (("ccc", concordance), ("mae", mean_absolute_error)):
                figure = raters[side][f"{name}_{label}"]
                assert figure["mean"] == pytest.approx(np.mean([measure(fold[0], fold[place]) for fold in folds]))
                assert figure["interval"][0] < figure["mean"] < figure["interval"][1]
    assert raters["people"]["ccc"]["mean"] == pytest.approx(
        np.mean([raters["people"][f"ccc_{label}"]["mean"] for label in LABELS])
    )
    several = [one for one in Manifest.read(run / "manifest.jsonl").utterances if len(one.ratings) > 2]
    assert raters["utterances"] == len(several) < 200
    assert raters["observers"] == pytest.approx(np.mean([len(one.ratings) - 1 for one in several]))
    page = (run / "report/report.html").read_text()
    assert "How far observers agree" in page
    assert f"out of the {len(several)} utterances with two or more" in page
    assert "Against the mean of the other observers; mean over folds, 95% intervals over 10 speakers." in page
    table = (run / "report/tables/raters.csv").read_text().splitlines()
    assert table[0] == "run,score,an observer,low,high,the model,model from,model to,alpha"
    assert len(table) == 1 + 3 * (1 + len(LABELS))


def test_without_two_observers_nothing_is_said(tmp_path, capsys):
    run = rated(tmp_path / "vad")
    manifest = Manifest.read(run / "manifest.jsonl")
    alone = [replace(one, ratings=(one.ratings[0], one.ratings[-1])) for one in manifest.utterances]
    replace(manifest, utterances=tuple(alone)).write(run / "manifest.jsonl")
    assert main(["report", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["raters"] is None


def test_alpha_is_krippendorff_s_own_example_for_interval_data():
    nan = float("nan")
    observers = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
            [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
        ]
    )
    scores = [column[~np.isnan(column)] for column in observers.T]
    pairable = [one for one in scores if len(one) > 1]
    assert alpha(pairable) == pytest.approx(0.849, abs=5e-4)
    assert alpha(pairable) == pytest.approx(krippendorff.alpha(observers, level_of_measurement="interval"))
    assert alpha([np.array([3.0, 3.0])]) is None
