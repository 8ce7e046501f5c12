"""Sweep files, as Optuna and as wandb's agent read them; the test parts stay locked."""

import json
import random

import pytest
import yaml
from fake.iemocap import make_iemocap
from fake.places import EXPERIMENTS

from mser.cli import main

pytest.importorskip("optuna", reason="Optuna is an extra")
from mser.sweep import cli as sweep

SWEEP = EXPERIMENTS / "iemocap/sweep.yaml"


@pytest.fixture
def small(tmp_path):
    file = yaml.safe_load(SWEEP.read_text())
    file["command"] = [part.replace("iemocap/shallow", "demo/text_only") for part in file["command"]]
    file["parameters"]["model.head_lr"] = {"value": 0.01}
    file["parameters"]["trainer.max_epochs"] = {"min": 1, "max": 9}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(file))
    return tmp_path / "small.yaml"


@pytest.fixture
def asked(monkeypatch):
    """Score trials by their dropout alone, and note what they were asked."""
    calls = []

    def score(options, metric):
        calls.append(options)
        return 1 - float(next(option for option in options if "dropout" in option).split("=")[1])

    monkeypatch.setattr(sweep, "_score", score)
    return calls


def search(file, out, *more):
    return main(["sweep", f"--config={file}", f"--out={out}", *more])


def test_the_winner_is_an_experiment_file(small, asked, tmp_path, capsys):
    assert search(small, tmp_path / "out", "--trials=8", "--folds=1") == 0
    assert len(asked) == 8
    assert all("--skip_test" in options and "--folds=1" in options for options in asked)
    folders = [next(o for o in reversed(options) if o.startswith("--out=")) for options in asked]
    assert len(set(folders)) == 8
    found = json.loads(capsys.readouterr().out)
    least = min(float(option.split("=")[1]) for options in asked for option in options if "dropout" in option)
    assert found["crossval/val_ua_mean"] == 1 - least
    best = yaml.safe_load((tmp_path / "out/best.yaml").read_text())
    assert (best["model"]["dropout"], best["model"]["head_lr"]) == (least, 0.01)
    assert best["model"]["text"] == {"name": "tiny", "pooling": "mean"}
    assert best["model"]["optimizer"]["class_path"] == "torch.optim.AdamW"
    assert 1e-6 <= best["model"]["optimizer"]["init_args"]["lr"] <= 1e-4
    make_iemocap(tmp_path / "corpus", turns=12)
    root = f"--data.init_args.root={tmp_path / 'corpus'}"
    assert (
        main(["crossval", f"--config={tmp_path / 'out/best.yaml'}", f"--out={tmp_path / 'run'}", "--plan", root]) == 0
    )


def test_a_search_carries_on(small, asked, tmp_path):
    assert search(small, tmp_path / "out", "--trials=2") == 0
    assert search(small, tmp_path / "out", "--trials=3") == 0
    assert len(asked) == 3


def test_a_trial_that_was_broken_off_is_run_again(small, asked, tmp_path, monkeypatch):
    whole = sweep._score

    def stop(options, metric):
        whole(options, metric)
        raise SystemExit(143)

    monkeypatch.setattr(sweep, "_score", stop)
    assert search(small, tmp_path / "out", "--trials=1") == 143
    monkeypatch.setattr(sweep, "_score", whole)
    assert search(small, tmp_path / "out", "--trials=1") == 0
    assert asked[0] == asked[1]


def test_failed_trials_count_but_do_not_win(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sweep, "_score", lambda options, metric: None)
    assert search(small, tmp_path / "out", "--trials=2") == 2
    assert "no trial has succeeded" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metric": None}, "is no sweep file"),
        ({"metric": {"name": "x", "goal": "most"}}, "the goal of a sweep is 'most', expected maximize or minimize"),
        ({"parameters": {"a": {"distribution": "normal"}}}, "expected values, or min and max with uniform"),
    ],
)
def test_what_users_get_wrong(small, tmp_path, capsys, change, words):
    small.write_text(yaml.safe_dump(yaml.safe_load(small.read_text()) | change))
    assert search(small, tmp_path / "out", "--trials=1") == 2
    assert words in capsys.readouterr().err


def test_wandb_agents_compose_a_command_that_crossval_understands(tmp_path, monkeypatch):
    utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils", reason="wandb is an extra")
    make_iemocap(tmp_path / "corpus", turns=12)
    monkeypatch.setenv("WANDB_RUN_ID", "abc")
    file, rng = yaml.safe_load(SWEEP.read_text()), random.Random(0)
    chosen = {
        name: rng.choice(space["values"]) if "values" in space else rng.uniform(space["min"], space["max"])
        for name, space in file["parameters"].items()
    }
    flags = utils.create_sweep_command_args({"args": {name: {"value": value} for name, value in chosen.items()}})
    command = utils.create_sweep_command(file["command"])
    composed = [flag for part in command for flag in (flags["args"] if part == "${args}" else [part])]
    assert composed[:3] == ["${env}", "mser", "crossval"]  # the first is the agent's own to fill in
    monkeypatch.chdir(tmp_path)
    composed = [str(SWEEP.parent / "shallow.yaml") if part.endswith("shallow.yaml") else part for part in composed]
    tiny = ["--model.speech.name=tiny", "--model.text.name=tiny", f"--data.init_args.root={tmp_path / 'corpus'}"]
    assert main([*composed[2:], *tiny, "--plan"]) == 0
    saved = yaml.safe_load((tmp_path / "runs/sweep/abc/config.yaml").read_text())
    assert saved["model"]["dropout"] == chosen["model.dropout"]
    assert saved["model"]["optimizer"]["init_args"]["lr"] == pytest.approx(chosen["model.optimizer.init_args.lr"])


@pytest.mark.slow
def test_a_trial_is_a_whole_cross_validation(small, tmp_path, capsys):
    make_iemocap(tmp_path / "corpus", turns=12)
    file = yaml.safe_load(small.read_text())
    file["parameters"] = {"model.dropout": {"values": [0.1]}}
    small.write_text(yaml.safe_dump(file))
    options = ["--folds=1", f"--data.init_args.root={tmp_path / 'corpus'}", "--trainer.max_epochs=1"]
    assert search(small, tmp_path / "out", "--trials=1", *options, "--trainer.accelerator=cpu") == 0
    metrics = json.loads(next((tmp_path / "out").rglob("metrics.json")).read_text())
    assert "test" not in metrics
    assert json.loads(capsys.readouterr().out)["crossval/val_ua_mean"] == pytest.approx(metrics["val"]["ua"])
