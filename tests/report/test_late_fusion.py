"""What joint training must beat: the late fusion of a speech-only and a text-only run."""

import json

import numpy as np
import pytest
from fake.runs import edit_json, make_run, predictions_of, write_predictions

from mser.cli import main
from mser.labels import Kind
from mser.report.confidence.decisions import log_losses
from mser.report.pairwise.opinion_pool import fuse
from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions
from mser.scoring.scorers import judge

TASKS = {
    "labels": {},
    "binary": {"objective": "OneVsRest"},
    "multi_label": {"task": "multi_label", "labels": ("happy", "sad", "angry")},
    "sentiment": {"task": "scores", "labels": ("sentiment",)},
    "attributes": {"task": "scores", "labels": ("valence", "arousal")},
}


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch):
    monkeypatch.setattr("mser.report.page.html.page", lambda report, _: report.title)


def three(folder, joint=0.9, **options):
    speech = make_run(folder / "speech_only", skill=0.5, text=None, **options)
    text = make_run(folder / "text_only", skill=0.55, speech=None, **options)
    return [speech, text, make_run(folder / "joint", skill=joint, **options)]


def report(runs, capsys):
    assert main(["report", *map(str, runs), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("task", TASKS)
def test_it_stands_beside_a_joint_run(tmp_path, capsys, task):
    found = report(three(tmp_path, **TASKS[task]), capsys)
    assert [run["name"] for run in found["runs"]] == ["speech_only", "text_only", "joint", "late fusion"]
    fused = found["runs"][3]
    first = fused["headline"][0]
    assert fused["complete"]
    assert fused["overall"][first]["interval"]
    assert len(found["comparison"]["pairs"]) == 6
    (verdict,) = found["late_fusion"]["verdicts"]
    pair = next(
        pair for pair in found["comparison"]["pairs"] if {pair["better"], pair["worse"]} == {"joint", "late fusion"}
    )
    expected = "together" if pair["verdict"] == "better" else "unclear"
    assert (verdict["sentence"], verdict["verdict"]) == (pair["sentence"], expected)
    assert verdict["words"] in found["answer"]
    assert len(verdict["weights"]) == 5
    assert all(0 <= one["speech"] <= 1 for one in verdict["weights"])
    assert fused["model"]["fusion"] == "late fusion"
    assert fused["tested"] == found["runs"][0]["tested"]
    seconds = [run["cost"]["seconds"] for run in found["runs"]]
    assert seconds[3] == pytest.approx(seconds[0] + seconds[1])


def test_runs_that_count_no_parameters_are_fused_too(tmp_path, capsys):
    runs = three(tmp_path, epochs=1)
    edit_json(runs[0] / "seed1/fold1/metrics.json", parameters=None)
    assert list(report(runs, capsys)["runs"][3]["cost"]["parameters"]) == ["text"]


def test_which_is_better_is_said(tmp_path, capsys):
    found = report(three(tmp_path, joint=0.95), capsys)
    assert found["late_fusion"]["verdicts"][0]["verdict"] == "together"
    assert "Fine-tuning together is better than fine-tuning apart" in found["answer"]


def test_where_nothing_can_be_told_it_says_so(tmp_path, capsys):
    found = report(three(tmp_path, joint=0.6), capsys)
    assert found["late_fusion"]["verdicts"][0]["verdict"] == "unclear"
    assert "Whether fine-tuning together is better than fine-tuning apart cannot be told" in found["answer"]


def test_one_seed_and_one_split_leave_it_undecidable_rather_than_no_better(tmp_path, capsys):
    found = report(three(tmp_path, joint=0.95, folds=1), capsys)
    verdict = found["late_fusion"]["verdicts"][0]
    assert verdict["verdict"] == "undecidable"
    told = "Whether fine-tuning together is better than fine-tuning apart cannot be decided by these runs"
    assert verdict["words"] == told
    assert f"{told}." in found["answer"] or f"{told}: These two trained models" in found["answer"]
    assert "cannot be told: " not in found["answer"]
    assert "run joint, speech_only and text_only with --seeds 1,2,3." in verdict["sentence"]
    beside = next(
        pair["sentence"]
        for pair in found["comparison"]["pairs"]
        if {pair["better"], pair["worse"]} == {"late fusion", "speech_only"}
    )
    assert "run speech_only and text_only with --seeds 1,2,3." in beside
    assert "both" not in beside


def test_only_runs_with_too_few_seeds_are_to_be_run_again(tmp_path, capsys):
    speech, text, joint = three(tmp_path, folds=1, seeds=(1, 2, 3))
    text = make_run(tmp_path / "few", skill=0.55, speech=None, folds=1, seeds=(2, 3))
    sentence = report([speech, text, joint], capsys)["late_fusion"]["verdicts"][0]["sentence"]
    assert "With fewer than 3 seeds and one split" in sentence
    assert "run few with --seeds 1,2,3." in sentence


def test_another_score_judges_the_fusion_too(tmp_path, capsys):
    runs = three(tmp_path)
    assert main(["report", *map(str, runs), "--json", "--score", "recall_hap"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["headline"][0] for run in found["runs"]] == ["recall_hap"] * 4
    assert {pair["score"] for pair in found["comparison"]["pairs"]} == {"recall_hap"}


def test_without_a_joint_run_of_the_same_encoders_there_is_none(tmp_path, capsys):
    speech, text, _ = three(tmp_path)
    assert report([speech, text], capsys)["late_fusion"] is None
    other = make_run(tmp_path / "other", speech="facebook/hubert-base-ls960")
    found = report([speech, text, other], capsys)
    assert len(found["runs"]) == 3
    assert found["late_fusion"]["notes"] == [
        "No late fusion of speech_only and text_only: no joint run has their encoders."
    ]


def test_what_it_lacks_is_said_in_a_line(tmp_path, capsys):
    speech, text, joint = three(tmp_path)
    write_predictions(text, [row for row in predictions_of(text, fold=2) if row["split"] == "test"], fold=2)
    assert main(["report", str(speech), str(text), str(joint)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "text_only has kept no predictions of its validation parts, on which the weight is fitted" in told
    seeds = make_run(tmp_path / "text_2", skill=0.55, speech=None, seeds=(2,))
    assert "they share no seed" in report([speech, seeds, joint], capsys)["late_fusion"]["notes"][0]
    binary = make_run(tmp_path / "text_binary", skill=0.55, speech=None, objective="OneVsRest")
    notes = report([speech, binary, joint], capsys)["late_fusion"]["notes"]
    assert "their objectives answer in different ways" in notes[0]


def said(probabilities, target, prediction=None):
    names = tuple(f"u{number}" for number in range(len(target)))
    prediction = probabilities.argmax(1) if prediction is None else prediction
    return Predictions(names, names, names, target, prediction, probabilities)


def test_independent_sides_are_better_together_than_apart():
    question, rng = Question(Kind.LABELS, ("a", "b", "c"), exclusive=True), np.random.default_rng(0)
    target = rng.integers(0, 3, 3000)

    def side(skill):
        logits = skill * np.eye(3)[target] + rng.normal(0, 1, (3000, 3))
        return said(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), target)

    speech, text = side(1.0), side(2.0)
    fused, _, weight = fuse((speech, text), (speech, text), question)
    assert weight < 0.5
    lost = [log_losses(said, question).mean() for said in (fused, speech, text)]
    assert lost[0] < min(lost[1:])
    assert (fused.prediction == target).mean() > max((one.prediction == target).mean() for one in (speech, text)) + 0.02
    assert fused.probabilities.sum(1) == pytest.approx(np.ones(3000))


def test_a_side_that_guesses_weighs_nothing_and_equal_sides_weigh_the_same():
    question, rng = Question(Kind.LABELS, ("a", "b"), exclusive=True), np.random.default_rng(1)
    target = rng.integers(0, 2, 500)
    sure = said(np.where(np.eye(2)[target] > 0, 0.9, 0.1), np.where(rng.random(500) < 0.9, target, 1 - target))
    flat = said(np.full((500, 2), 0.5), sure.target)
    fused, _, weight = fuse((flat, sure), (flat, sure), question)
    assert weight == 0
    assert (fused.prediction == sure.prediction).all()
    assert fuse((sure, sure), (sure, sure), question)[2] == 0.5


def test_the_test_part_has_no_say_in_the_weight():
    question, target = Question(Kind.LABELS, ("a", "b"), exclusive=True), np.arange(40) % 2
    right, flat = said(np.where(np.eye(2)[target] > 0, 0.9, 0.1), target), said(np.full((40, 2), 0.5), target)
    assert fuse((flat, right), (right, flat), question)[2] == 1
    assert fuse((right, flat), (flat, right), question)[2] == 0


@pytest.mark.parametrize("labels", [("sentiment",), ("valence", "arousal")])
def test_scores_are_averaged_by_what_runs_are_compared_by(labels):
    question, rng = Question(Kind.SCORES, labels, exclusive=False), np.random.default_rng(3)
    target = rng.normal(0, 1, (800, len(labels)))
    none = np.empty((800, 0))
    speech, text = (said(none, target, target + rng.normal(0, noise, target.shape)) for noise in (1.0, 0.7))
    fused, _, weight = fuse((speech, text), (speech, text), question)
    assert fused.prediction == pytest.approx(weight * speech.prediction + (1 - weight) * text.prediction)
    assert 0.1 < weight < 0.5
    score = judge(question).scorer.score
    name, better = {1: ("mae", -1), 2: ("ccc", 1)}[len(labels)]
    assert better * score(fused)[name] > max(better * score(one)[name] for one in (speech, text))
