"""The shipped experiments on CMU-MOSI and CMU-MOSEI run on small trees, through the command line and the script."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from fake.corpora.opinions import make_mosei, make_mosi
from fake.places import EXPERIMENTS

from mser.cli import main
from mser.training import command_line

FILES = sorted([*EXPERIMENTS.glob("mosi/*.yaml"), *EXPERIMENTS.glob("mosei/*.yaml")])
QUICK = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu"]


@pytest.fixture(scope="module")
def mosei(tmp_path_factory):
    root = tmp_path_factory.mktemp("mosei")
    make_mosei(root)
    return root


def tiny(experiment):
    parts = yaml.safe_load(experiment.read_text())["model"].keys() & {"speech", "text"}
    return [f"--model.{part}.name=tiny" for part in sorted(parts)]


@pytest.mark.parametrize("experiment", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_experiment_asks_what_its_corpus_has(experiment):
    cli = command_line([f"--config={experiment}", *tiny(experiment)], run=False)
    cli.model.objective.require(cli.datamodule.label_set)
    corpus = experiment.parent.name
    asked = "emotions" if experiment.stem == "emotions" else "sentiment"
    assert cli.datamodule.label_set.name == f"{corpus}-{asked}"
    assert cli.datamodule.protocol.name == f"{corpus}/official"
    assert cli.config["early_stopping"]["monitor"] == cli.config["checkpoint"]["monitor"]
    if asked == "sentiment":
        monitor = "val/loss" if "paper" in experiment.stem else "val/mae"
        assert (cli.model.objective.error, cli.config["checkpoint"]["monitor"]) == ("l1", monitor)


def test_one_fold_is_fitted_and_tested(mosei, tmp_path):
    experiment = EXPERIMENTS / "mosei/shallow.yaml"
    options = [*tiny(experiment), f"--data.init_args.root={mosei}", f"--trainer.default_root_dir={tmp_path}", *QUICK]
    assert main(["fit", f"--config={experiment}", *options]) == 0
    best = tmp_path / "checkpoints/best.ckpt"
    assert main(["test", f"--config={tmp_path / 'config.yaml'}", f"--ckpt_path={best}"]) == 0
    with (tmp_path / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert {row["group"] for row in rows} == {"-6rXp3zJ3kc", "_0efYOjQYRc"}
    assert all(-3 <= float(row["target"]) <= 3 for row in rows)


@pytest.mark.slow
def test_emotions_are_reported_by_balanced_accuracy(mosei, tmp_path, capsys):
    experiment, run = EXPERIMENTS / "mosei/emotions.yaml", tmp_path / "run"
    options = [*tiny(experiment), f"--data.init_args.root={mosei}", *QUICK]
    assert main(["crossval", f"--config={experiment}", f"--out={run}", *options]) == 0
    assert "seed1/fold1: 1 epochs, val/balanced_accuracy 0." in capsys.readouterr().err
    assert main(["report", str(run), "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["runs"]
    assert found["protocol"]["name"] == "mosei/official"
    with (run / "seed1/fold1/predictions.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    assert len(rows) == 6
    recalls = []
    for emotion in ("happy", "sad", "anger", "surprise", "disgust", "fear"):
        true, said = (np.array([emotion in row[kind].split("+") for row in rows]) for kind in ("target", "prediction"))
        recalls += [np.mean([said[true].mean(), (~said[~true]).mean()])]
    assert found["overall"]["balanced_accuracy"]["mean"] == pytest.approx(np.mean(recalls), abs=1e-4)


@pytest.mark.exhaustive
def test_one_script_checks_plans_runs_and_reports(tmp_path):
    make_mosi(tmp_path / "corpus")
    names = {"SPEECH": "tiny", "TEXT": "tiny", "EXPERIMENTS": "text_only"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = [EXPERIMENTS / "reproduce.sh", "mosi", tmp_path / "corpus", tmp_path / "runs", *QUICK, "--seeds=2"]
    done = subprocess.run(script, env={**os.environ, **names, "PATH": path}, capture_output=True, text=True, check=True)
    assert "1/3 The corpus: 1,284 / 229 / 686 segments are expected" in done.stdout
    assert sorted(one.name for one in (tmp_path / "runs/text_only").glob("seed*")) == ["seed2"]
    found = json.loads((tmp_path / "runs/report/report.json").read_text())
    assert "mae" in found["runs"][0]["overall"]


def test_the_script_names_the_corpora_that_it_knows(tmp_path):
    done = subprocess.run([EXPERIMENTS / "reproduce.sh", "mosy", tmp_path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "reproduce.sh: 'mosy' is none of iemocap, mosi, mosei\n")
