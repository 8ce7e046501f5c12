"""Reports of runs that answer with scores or several labels, of one fold, and of runs that left the test locked."""

import json
import re

import numpy as np
import pytest
from fake.runs import edit_json, make_run, predictions_of, write_predictions
from scipy.stats import pearsonr
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, mean_absolute_error

from mser.cli import main

MOODS = ("happy", "sad", "angry")
DIMENSIONS = ("valence", "arousal")


def report(capsys, *runs):
    assert main(["report", *map(str, runs), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def rows_of(run, seed=1, fold=1, split="test"):
    return [row for row in predictions_of(run, seed, fold) if row["split"] == split]


def numbers(rows, column):
    return np.array([float(row[column]) for row in rows])


def page_of(run):
    return (run / "report/report.html").read_text()


@pytest.fixture(scope="module")
def sentiment(tmp_path_factory):
    """One fold, three seeds, as on CMU-MOSI; no test may change it."""
    folder = tmp_path_factory.mktemp("runs") / "mosi"
    return make_run(
        folder, folds=1, seeds=(1, 2, 3), turns=40, task="scores", labels=("sentiment",), label_set="sentiment",
        styles=False, epochs=3,
    )  # fmt: skip


def test_every_variant_of_the_sentiment_scores_is_given_with_its_floor(sentiment, capsys):
    overall = report(capsys, sentiment)["runs"][0]["overall"]
    folds = [(numbers(rows_of(sentiment, seed), "target"), numbers(rows_of(sentiment, seed), "prediction"))
             for seed in (1, 2, 3)]  # fmt: skip
    polar = [(true[true != 0] > 0, said[true != 0] > 0) for true, said in folds]
    expected = {
        "mae": np.mean([mean_absolute_error(*fold) for fold in folds]),
        "pearson": np.mean([pearsonr(*fold)[0] for fold in folds]),
        "acc2_has0": np.mean([accuracy_score(true >= 0, said >= 0) for true, said in folds]),
        "weighted_f1_has0": np.mean([f1_score(t >= 0, s >= 0, average="weighted") for t, s in folds]),
        "acc2_non0": np.mean([accuracy_score(*pair) for pair in polar]),
        "weighted_f1_non0": np.mean([f1_score(*pair, average="weighted") for pair in polar]),
    }
    assert {name: overall[name]["mean"] for name in expected} == pytest.approx(expected)
    assert {"acc7", "acc7_sdk", "acc5", "acc3"} <= set(overall)
    positive = polar[0][0].mean()
    assert overall["acc2_non0"]["floor"] == pytest.approx(max(positive, 1 - positive))
    assert overall["pearson"]["floor"] == 0


def test_one_fold_speaks_of_seeds(sentiment, capsys):
    found = report(capsys, sentiment)
    mae = found["runs"][0]["overall"]["mae"]
    assert mae["sd"] is None
    low, high = mae["method_interval"]
    assert f"MAE {mae['mean']:.3f} [{low:.3f}, {high:.3f}] and Acc-2 (non0) " in found["answer"]
    assert "(mean of 3 seeds, one fold; 95% intervals of the method: over 2 speakers and the seeds)" in found["answer"]
    page = page_of(sentiment)
    assert "sd over seeds" in page
    assert "sd over folds" not in page
    assert ">pooled" not in page


def test_scores_are_drawn_as_a_scatter_and_not_as_a_confusion(sentiment, capsys):
    found = report(capsys, sentiment)["runs"][0]
    points = found["scatter"]["points"]["sentiment"]
    assert points["target"] == pytest.approx(list(numbers(rows_of(sentiment), "target")))
    assert points["prediction"] == pytest.approx(list(numbers(rows_of(sentiment), "prediction")), abs=1e-4)
    assert (found["classes"], found["confusion"], found["binary"]) == (None, None, None)
    page = page_of(sentiment)
    assert 'aria-label="Predicted against true sentiment, mosi"' in page
    assert "Confusion" not in page


def test_many_points_are_thinned_and_said_so(tmp_path, capsys):
    run = make_run(tmp_path / "many", folds=1, turns=900, task="scores", labels=("sentiment",), epochs=1)
    found = report(capsys, run)["runs"][0]["scatter"]
    assert (found["of"], len(found["points"]["sentiment"]["target"])) == (1800, 900)
    assert "900 of 1,800 utterances" in page_of(run)


def test_a_constant_answer_is_called_no_better_than_a_constant_answer(tmp_path, capsys):
    run = make_run(tmp_path / "flat", folds=1, task="scores", labels=("sentiment",), epochs=1)
    write_predictions(run, [{**row, "prediction": "3"} for row in predictions_of(run)])
    answer = report(capsys, run)["answer"]
    assert ": no better than the best constant answer to each, MAE " in answer


def test_attributes_are_judged_by_concordance_each_and_together(tmp_path, capsys):
    run = make_run(tmp_path / "vad", folds=2, task="scores", labels=DIMENSIONS, label_set="iemocap-va")
    found = report(capsys, run)["runs"][0]
    assert list(found["overall"]) == ["ccc", "pearson", "mae"]
    expected = []
    for name in DIMENSIONS:
        for fold in (1, 2):
            rows = rows_of(run, fold=fold)
            true, said = numbers(rows, f"target_{name}"), numbers(rows, f"prediction_{name}")
            both = np.cov(true, said, ddof=0)
            expected.append(2 * both[0, 1] / (both[0, 0] + both[1, 1] + (true.mean() - said.mean()) ** 2))
        assert found["attributes"][f"ccc_{name}"]["mean"] == pytest.approx(np.mean(expected[-2:]))
    assert found["overall"]["ccc"]["mean"] == pytest.approx(np.mean(expected))
    assert found["overall"]["ccc"]["floor"] == 0
    assert set(found["scatter"]["points"]) == set(DIMENSIONS)
    assert "CCC" in page_of(run)
    assert found["styles"]["improvised"]["ccc"]["pooled"] > 0


def test_several_labels_are_judged_each_for_itself(tmp_path, capsys):
    run = make_run(tmp_path / "moods", folds=2, turns=20, task="multi_label", labels=MOODS, label_set="moods")
    found = report(capsys, run)["runs"][0]
    for label in MOODS:
        pairs = [
            [(label in row["target"].split("+"), float(row[f"p_{label}"]) > 0.5) for row in rows_of(run, fold=fold)]
            for fold in (1, 2)
        ]
        balanced = [balanced_accuracy_score(*zip(*fold, strict=True)) for fold in pairs]
        assert found["binary"][f"balanced_accuracy_{label}"]["mean"] == pytest.approx(np.mean(balanced))
        assert found["binary"]["present"][label] == sum(true for fold in pairs for true, _ in fold)
    overall = found["overall"]["balanced_accuracy"]
    each = [found["binary"][f"balanced_accuracy_{label}"]["mean"] for label in MOODS]
    assert (overall["mean"], overall["floor"]) == (pytest.approx(np.mean(each)), 0.5)
    assert found["scatter"] is None
    assert ">Each label</h2>" in page_of(run)


def test_the_terminal_shows_scores_of_every_task(sentiment, tmp_path, capsys):
    assert main(["report", str(sentiment)]) == 0
    assert {"MAE", "Pearson", "Acc-7"} <= set(capsys.readouterr().out.split())
    both = [make_run(tmp_path / name, folds=1, task="scores", labels=("sentiment",), skill=skill, epochs=1)
            for name, skill in (("good", 1.0), ("bad", 0.2))]  # fmt: skip
    assert main(["report", *map(str, both)]) == 0
    answer = json.loads((tmp_path / "report/report.json").read_text())["answer"]
    assert re.search(r"by MAE \(one fold and seed; .*\): good [\d.]+ \[.*\], then bad", answer)


@pytest.mark.parametrize(
    ("task", "labels", "column", "cell", "message"),
    [
        ("scores", ("sentiment",), "prediction", "good", "has a score that is no number"),
        ("scores", ("sentiment",), "prediction", "inf", "has a score that is no finite number"),
        ("scores", ("sentiment",), "target", "", "has a score that is no number"),
        (
            "multi_label",
            MOODS,
            "target",
            "happy+bored",
            "has 'bored' in its target, expected some of happy, sad, angry",
        ),
        ("multi_label", MOODS, "p_sad", "1.2", "has a probability that is not in 0..1"),
    ],
)
def test_answers_that_cannot_be_believed(tmp_path, capsys, task, labels, column, cell, message):
    run = make_run(tmp_path / "bad", folds=1, task=task, labels=labels)
    rows = predictions_of(run)
    rows[-1][column] = cell
    write_predictions(run, rows)
    assert main(["report", str(run)]) == 2
    assert message in capsys.readouterr().err


def test_a_label_that_its_probability_contradicts(tmp_path, capsys):
    run = make_run(tmp_path / "bad", folds=1, task="multi_label", labels=MOODS)
    rows = predictions_of(run)
    rows[-1] |= {"prediction": "", "p_happy": "0.9"}
    write_predictions(run, rows)
    assert main(["report", str(run)]) == 2
    assert "predicts other labels than those above one half" in capsys.readouterr().err


def test_scores_without_their_columns(tmp_path, capsys):
    run = make_run(tmp_path / "bad", folds=1, task="scores", labels=DIMENSIONS)
    write_predictions(run, [{**row, "p_happy": "0.1"} for row in predictions_of(run)])
    assert main(["report", str(run)]) == 2
    assert "has probabilities for happy, but the run's label set is of scores alone" in capsys.readouterr().err
    rows = [{key: cell for key, cell in row.items() if key not in ("p_happy", "target_arousal")}
            for row in predictions_of(run)]  # fmt: skip
    write_predictions(run, rows)
    assert main(["report", str(run)]) == 2
    assert "has no column 'target_arousal'" in capsys.readouterr().err


def test_a_run_from_before_tasks_were_written_down(tmp_path, capsys):
    run = make_run(tmp_path / "old", folds=2)
    plan = json.loads((run / "protocol.json").read_text())
    del plan["task"]
    (run / "protocol.json").write_text(json.dumps(plan))
    assert report(capsys, run)["runs"][0]["protocol"]["task"] == "labels"


def test_a_locked_test_part_is_never_reported_as_tested(tmp_path, capsys):
    run = make_run(tmp_path / "sweep", skip_test=True)
    found = report(capsys, run)
    assert found["title"] == "sweep, validation"
    assert found["answer"].startswith(
        "In validation, on speakers that the model of each fold has never heard, sweep scores UA "
    )
    assert "This is no result on test: the test parts are still locked" in found["answer"]
    entry = found["runs"][0]
    right = [np.mean([row["target"] == row["prediction"] for row in rows_of(run, fold=fold, split="val")])
             for fold in range(1, 6)]  # fmt: skip
    assert entry["part"] == "validation"
    assert entry["overall"]["wa"]["mean"] == pytest.approx(np.mean(right))
    page = page_of(run)
    assert "<title>sweep, validation · mser report</title>" in page
    assert "Scores on the validation part" in page
    assert "UA,\xa0% on validation" in page
    assert main(["report", str(run)]) == 0
    shown = capsys.readouterr().out
    assert "sweep, validation" in shown
    assert " validation " in next(line for line in shown.splitlines() if "fold" in line.split()[:1])


def test_validation_and_test_are_not_compared(tmp_path, capsys):
    runs = [make_run(tmp_path / "locked", skip_test=True), make_run(tmp_path / "tested")]
    assert main(["report", *map(str, runs)]) == 2
    assert "locked left the test parts locked (--skip_test) and tested was tested" in capsys.readouterr().err
    edit_json(runs[1] / "run.json", skip_test=True)
    assert report(capsys, *runs)["title"] == "2 runs compared on validation: locked, tested"
