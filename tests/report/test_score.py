"""Runs judged by scores of their probabilities: those of the observers' votes and those of calibration."""

import json
import re

import pytest
from fake.runs import make_run

from mser.cli import main

TITLES = {
    "soft_accuracy": "soft accuracy",
    "soft_cross_entropy": "soft cross-entropy",
    "js_divergence": "JS divergence",
}


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch):
    monkeypatch.setattr("mser.report.page.html.page", lambda report, _: report.title)


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """A good and a poor run whose utterances were rated by three observers."""
    folder = tmp_path_factory.mktemp("rated")
    return [
        make_run(folder / name, skill=skill, rated=True, turns=20) for name, skill in (("poor", 0.3), ("good", 0.9))
    ]


def report(capsys, tmp_path, runs, score):
    assert main(["report", *map(str, runs), "--json", "--out", str(tmp_path / "out"), "--score", score]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("score", ["soft_accuracy", "soft_cross_entropy", "js_divergence"])
def test_soft_scores_give_headline_interval_and_verdict(rated, tmp_path, capsys, score):
    found = report(capsys, tmp_path, rated, score)
    for run in found["runs"]:
        assert run["headline"] == [score, "ua"]
        figure = run["overall"][score]
        assert figure["mean"] == pytest.approx(run["observers"][score]["mean"])
        assert figure["floor"] == pytest.approx(run["observers"][score]["floor"])
        assert figure["interval"] == pytest.approx(run["observers"][score]["interval"])
    poor, good = (run["overall"][score]["mean"] for run in found["runs"])
    (pair,) = found["comparison"]["pairs"]
    assert (pair["better"], pair["score"], pair["verdict"]) == ("good", score, "better")
    assert pair["difference"] == pytest.approx(abs(good - poor))
    assert (good < poor) == (score != "soft_accuracy")
    order = rf"^On speakers that .*, by {TITLES[score]} \(.*\): good .*, then poor .*; the floor is "
    assert re.match(order, found["answer"])


def test_the_sentences_of_a_soft_score(rated, tmp_path, capsys):
    found = report(capsys, tmp_path, rated, "soft_cross_entropy")
    number = r"\d\.\d{3}"
    assert re.fullmatch(
        rf"good is better than poor by {number} soft cross-entropy \[{number}, {number}\], p (=|<) 0\.\d+, "
        r"over 5 folds, one seed each\.",
        found["comparison"]["pairs"][0]["sentence"],
    )
    alone = report(capsys, tmp_path, rated[1:], "soft_cross_entropy")
    assert re.search(
        rf"good scores soft cross-entropy {number} \[{number}, {number}\] and UA .* where the best constant answer to "
        rf"each scores soft cross-entropy {number} and UA 25\.0%\.",
        alone["answer"],
    )


def test_the_better_calibrated_run_has_the_smaller_error(rated, tmp_path, capsys):
    for score in ("ece", "log_loss"):
        found = report(capsys, tmp_path, rated, score)
        means = {run["name"]: run["overall"][score]["mean"] for run in found["runs"]}
        (pair,) = found["comparison"]["pairs"]
        assert means[pair["better"]] < means[pair["worse"]]
        assert pair["difference"] == pytest.approx(means[pair["worse"]] - means[pair["better"]])
        for run in found["runs"]:
            figure = run["overall"][score]
            assert figure["pooled"] == pytest.approx(run["calibration"]["as_is"][score])
            assert 0 <= figure["interval"][0] < figure["mean"] < figure["interval"][1]
    assert all(run["overall"]["log_loss"]["floor"] == pytest.approx(1.35, abs=0.05) for run in found["runs"])
    found = report(capsys, tmp_path, rated, "ece")
    assert found["runs"][0]["overall"]["ece"]["floor"] is None
    assert "floor" not in found["answer"]
    assert re.search(r"the difference is \d+\.\d ECE points \[", found["comparison"]["pairs"][0]["sentence"])
    assert not any("shortcut" in doubt["text"] for run in found["runs"] for doubt in run["doubts"])


@pytest.mark.parametrize("how", [{"objective": "OneVsRest"}, {"task": "multi_label", "labels": ("happy", "sad")}])
def test_several_questions_of_an_utterance_are_calibrated_too(tmp_path, capsys, how):
    runs = [make_run(tmp_path / name, skill=skill, epochs=1, **how) for name, skill in (("a", 0.3), ("b", 0.9))]
    found = report(capsys, tmp_path, runs, "log_loss")
    run = found["runs"][0]
    assert run["headline"][0] == "log_loss"
    assert run["overall"]["log_loss"]["pooled"] == pytest.approx(run["calibration"]["as_is"]["log_loss"])
    assert 0 < run["overall"]["log_loss"]["floor"] < 1


@pytest.mark.parametrize(
    ("how", "score", "why"),
    [
        ({}, "js_divergence", r"no score 'js_divergence' \(nobody's votes are known\); give .*, ece, log_loss$"),
        ({"rated": True}, "js", r"no score 'js'; give --score one of .*, distribution_f1, ece, log_loss$"),
        ({"task": "scores", "labels": ("valence", "arousal")}, "ece", "no score 'ece'; give --score one of ccc, "),
    ],
)
def test_what_a_run_cannot_be_judged_by_is_refused(tmp_path, capsys, how, score, why):
    run = make_run(tmp_path / "a", folds=2, epochs=1, **how)
    assert main(["report", str(run), "--score", score]) == 2
    assert re.search(why, capsys.readouterr().err.strip())
