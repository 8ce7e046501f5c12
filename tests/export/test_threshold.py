"""When an ensemble keeps silent: as often as was asked for, though it is less sure than any of its members."""

import doctest

import numpy as np
import pytest
from fake.runs import make_run

import mser.export.together
from mser.export.card import _of_members
from mser.export.folds import read_folds, threshold
from mser.export.threshold import fitted_threshold
from mser.export.together import Answered, together
from mser.labels import Kind
from mser.runs.csv_cells import Question
from mser.runs.fold_predictions import Predictions

QUESTION = Question(Kind.LABELS, ("neu", "sad", "ang", "hap"), exclusive=True)


def softmax(logits):
    powers = np.exp(logits)
    return powers / powers.sum(-1, keepdims=True)


def part(names, probabilities):
    said = probabilities.argmax(1)
    return Predictions(tuple(names), ("",) * len(names), ("",) * len(names), said, said, probabilities)


def test_the_examples_run():
    assert doctest.testmod(mser.export.together).failed == 0


@pytest.mark.parametrize("folds", [3, 5, 10])
def test_all_members_together_keep_what_was_asked_for(folds):
    rng = np.random.default_rng(0)
    heard = rng.normal(0, 1.5, (folds, 1500, 4))  # what a session's utterances sound like
    answers = softmax(heard[None] + rng.normal(0, 1.5, (folds, folds, 1500, 4)))  # each member's ear
    parts = []
    for fold in range(folds):
        for session in (fold, (fold + 1) % folds):
            names = [f"{session} {number}" for number in range(1500)]
            parts.append(Answered(fold, part(names, answers[fold, session]), answers[fold, session]))
    found = together(parts, QUESTION)
    new = softmax(rng.normal(0, 1.5, (6000, 4)) + rng.normal(0, 1.5, (folds, 6000, 4))).mean(0).max(1)
    alone = fitted_threshold([(one.predictions, one.probabilities) for one in parts], QUESTION)
    assert (new >= alone["threshold"]).mean() < 0.72
    assert (new >= found["threshold"]).mean() == pytest.approx(0.8, abs=0.025)
    assert found["members"] == 2
    assert found["coverage"] == pytest.approx(0.8, abs=0.001)


def read(run, *folds):
    for fold in folds:
        (run / f"seed1/fold{fold}/checkpoints").mkdir(exist_ok=True)
        (run / f"seed1/fold{fold}/checkpoints/best.ckpt").touch()
    return read_folds([run / f"seed1/fold{fold}" for fold in folds])


def test_the_folds_of_a_run_answer_what_neither_has_trained_on(tmp_path):
    trained = read(make_run(tmp_path / "run", epochs=1, turns=30), 1, 2, 3, 4, 5)
    found = threshold(trained)
    assert found["members"] == 2
    alone = fitted_threshold([(said, said.probabilities) for said in trained.val], QUESTION)
    assert found["threshold"] < alone["threshold"]


def test_of_one_fold_nothing_is_carried_on(tmp_path):
    trained = read(make_run(tmp_path / "run", epochs=1), 2)
    assert "members" not in threshold(trained)


def test_where_tests_are_locked_each_member_answers_alone_and_the_card_says_so(tmp_path):
    trained = read(make_run(tmp_path / "run", epochs=1, skip_test=True), 1, 2)
    found = threshold(trained)
    assert found["members"] == 1
    assert "answers of single members" in _of_members(type("Threshold", (), {"abstain": found, "members": (1, 2)}))
