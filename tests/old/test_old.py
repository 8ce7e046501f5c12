"""A run, a model folder and a cache that an earlier mser made still say what they said then."""

import csv
import json
import shutil
from functools import wraps
from pathlib import Path

import pytest
import transformers
from lightning.pytorch import Trainer
from old.make import corpus

from mser import __version__
from mser.cli import main

HERE = Path(__file__).parent
SCORES = ("mean", "sd", "pooled", "floor")
KEPT_BY = json.loads((HERE / "run/run.json").read_text())["versions"]["transformers"]
"""The fingerprint of frozen states holds the versions of the code that computed them."""


@pytest.fixture
def old(tmp_path, monkeypatch):
    """Work in a folder with what was made then, and the same recordings."""
    for name in ("run", "model", "cache", "encoders"):
        shutil.copytree(HERE / name, tmp_path / name)
    corpus(tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MSER_CACHE", "cache")
    return tmp_path


KNOWN = json.loads((HERE / "report.json").read_text())["runs"][0]["folds"][0]["mean"]
"""The scores of a fold that there were then; others have come since."""


def scores(run):
    """Return the numbers of a report that only its predictions and its protocol decide."""
    figures = run["overall"] | {f"recall of {label}": one["recall"] for label, one in run["classes"].items()}
    return {
        "figures": {name: [figure[score] for score in SCORES] for name, figure in figures.items()},
        "confusion": run["confusion"],
        "folds": [[fold[key] for key in ("number", "name", "utterances")] for fold in run["folds"]],
        "means": [{name: mean for name, mean in fold["mean"].items() if name in KNOWN} for fold in run["folds"]],
        "floors": [{score: fold["floor"][score] for score in ("ua", "wa")} for fold in run["folds"]],
        "speakers": {name: {score: one[score] for score in run["listed"]} for name, one in run["speakers"].items()},
        "calibration": [run["calibration"]["as_is"][key] for key in ("ece", "log_loss")],
        "complete": run["complete"],
        "tested": run["tested"],
        "digest": run["protocol"]["digest"],
    }


def test_a_run_is_reported_alike(old):
    assert main(["report", "run", "--out", "report"]) == 0
    [was] = json.loads((HERE / "report.json").read_text())["runs"]
    [now] = json.loads((old / "report/report.json").read_text())["runs"]
    assert scores(now) == scores(was)


def test_a_model_folder_answers_alike(old):
    assert main(["predict", "model", "--table", "corpus/table.csv", "--out", "predicted.csv", "--device=cpu"]) == 0
    was, now = (list(csv.DictReader((where / "predicted.csv").open())) for where in (HERE, old))
    assert len(was) == len(now) == 36
    for before, after in zip(was, now, strict=True):
        assert {name: cell for name, cell in before.items() if name[:2] != "p_"} == {
            name: after[name] for name in before if name[:2] != "p_"
        }
        for name in ("p_angry", "p_calm"):
            assert float(after[name]) == pytest.approx(float(before[name]), abs=2e-6)


def test_a_checkpoint_is_tested_alike(old, monkeypatch):
    scores, plain = {}, Trainer.test

    @wraps(plain)  # whose arguments are options
    def test(*args, **more):
        [found] = plain(*args, **more)
        scores.update(found)
        return [found]

    monkeypatch.setattr(Trainer, "test", test)
    fold = "run/seed1/fold1"
    options = ["--config", f"{fold}/config.yaml", "--ckpt_path", f"{fold}/checkpoints/best.ckpt"]
    assert main(["test", *options, "--trainer.default_root_dir=again"]) == 0
    was = json.loads((HERE / fold / "metrics.json").read_text())["test"]
    assert {name.removeprefix("test/"): score for name, score in scores.items()} == pytest.approx(was, abs=1e-4)


@pytest.mark.skipif(transformers.__version__ != KEPT_BY, reason=f"the states are those of transformers {KEPT_BY}")
@pytest.mark.skipif(__version__ != "0.1.0", reason="the states are those of mser 0.1.0")
def test_kept_states_are_read(old, caplog):
    caplog.set_level("INFO")
    config = "run/seed1/fold1/config.yaml"
    assert main(["fit", "--config", config, "--trainer.max_epochs=1", "--trainer.default_root_dir=again"]) == 0
    told = [line for line in caplog.messages if line.startswith("speech states:")]
    assert len(told) >= 2
    assert all(line.startswith("speech states: 0 computed") for line in told), told
