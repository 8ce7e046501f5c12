"""mser crossval --logger wandb, offline; what wandb wrote is read back."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fake.corpora.iemocap import make_iemocap
from fake.places import EXPERIMENTS
from fake.runs import make_run, predictions_of

from mser.cli import main

pytest.importorskip("wandb", reason="wandb is an extra")
from fake.wandb_files import offline_runs

from mser.crossval.tracking import close, environment, fold_logger, log_best
from mser.report.cli import report_of

EXPERIMENT = EXPERIMENTS / "demo/text_only.yaml"
VALIDATION = {"crossval/val_ua_mean": 0.5}


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    for name in ("WANDB_PROJECT", "WANDB_RUN_ID", "WANDB_SWEEP_ID", "WANDB_RUN_GROUP"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
def test_a_run_per_fold_and_one_that_closes(tmp_path, monkeypatch):
    make_iemocap(tmp_path / "corpus", turns=12)
    out = tmp_path / "both"
    options = [f"--data.init_args.root={tmp_path / 'corpus'}", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    command = ["crossval", f"--config={EXPERIMENT}", f"--out={out}", *options, "--folds=1,2", "--skip_test"]
    # In processes of their own: wandb keeps the environment that it was first used in.
    monkeypatch.setenv("WANDB_RUN_ID", "trial")  # as `wandb agent` does
    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep")
    subprocess.run([sys.executable, "-m", "mser", *command, "--logger=wandb"], check=True)
    folds, trial = offline_runs(out / "seed1"), offline_runs(out / "wandb")
    assert [run.id for run in trial] == ["trial"]
    assert len({run.id for run in folds} | {"trial"}) == 3
    assert {(run.group, run.job_type, run.project) for run in folds} == {("trial", "fold", "mser")}
    assert [run.name for run in folds] == ["seed1/fold1", "seed1/fold2"]
    assert folds[1].config["data"]["init_args"]["fold"] == 2
    scores = [json.loads((out / f"seed1/fold{fold}/metrics.json").read_text())["val"]["ua"] for fold in (1, 2)]
    assert [run.logged["val/ua"] for run in folds] == pytest.approx(scores)
    assert trial[0].logged["crossval/val_ua_mean"] == pytest.approx(sum(scores) / 2)
    assert not any(name.startswith("crossval/test") for name in trial[0].logged)

    (out / "seed1/fold2/metrics.json").unlink()
    subprocess.run([sys.executable, "-m", "mser", *command, "--logger=wandb"], check=True)
    assert [run.id for run in offline_runs(out / "seed1/fold2")] == [folds[1].id] * 2
    assert len(offline_runs(out / "seed1/fold1")) == 1


def test_the_closing_run_has_the_whole_report(tmp_path):
    run = make_run(tmp_path / "100%_a&b", epochs=1)
    for fold in run.glob("seed1/fold*"):
        (fold / "checkpoints").mkdir()
        (fold / "checkpoints/best.ckpt").write_text(f"weights of {fold.name}")
    report = report_of(run)
    close(run, VALIDATION, report)
    close(run, VALIDATION, report)
    first, second = offline_runs(run)
    assert (first.group, first.job_type, first.name) == ("100%_a&b", "crossval", "100%_a&b")
    kind, weights = first.artifacts["100__a_b-models"]
    assert (kind, set(weights)) == ("model", {f"seed1/fold{fold}/checkpoints/best.ckpt" for fold in range(1, 6)})
    assert Path(weights["seed1/fold2/checkpoints/best.ckpt"]).read_text() == "weights of fold2"
    assert Path(weights["seed1/fold2/checkpoints/best.ckpt"]).is_relative_to(run)
    assert first.id == second.id
    overall = json.loads((run / "report/report.json").read_text())["runs"][0]["overall"]["ua"]
    assert first.logged["crossval/test_ua_mean"] == overall["mean"]
    assert [first.logged[f"crossval/test_ua_{end}"] for end in ("low", "high")] == overall["interval"]
    assert first.logged["crossval/val_ua_mean"] == 0.5
    assert first.config["model"]["fusion"]["init_args"] == {"heads": 2}
    table = json.loads((first.folder / "files" / first.logged["predictions/path"]).read_text())
    rows = [list(row.values()) for fold in range(1, 6) for row in predictions_of(run, fold=fold)]
    assert table["data"] == rows
    matrix = json.loads((first.folder / "files" / first.logged["report/confusion/path"]).read_text())
    assert len(matrix["data"]) == 4


def test_a_tested_fold_logs_its_best_checkpoint(tmp_path):
    fold = make_run(tmp_path / "both", epochs=1) / "seed1/fold3"
    (fold / "checkpoints").mkdir()
    (fold / "checkpoints/best.ckpt").write_text("weights")
    logger = fold_logger(fold, {})
    log_best(logger, fold)
    logger.experiment.finish()
    kind, weights = offline_runs(fold)[0].artifacts["both-seed1-fold3"]
    assert (kind, list(weights)) == ("model", ["seed1/fold3/checkpoints/best.ckpt"])


def test_a_partial_run_closes_without_test_scores(tmp_path):
    run = make_run(tmp_path / "both", epochs=1)
    (run / "seed1/fold2/metrics.json").unlink()
    close(run, VALIDATION, report_of(run))
    assert not offline_runs(run)[0].artifacts
    assert set(offline_runs(run)[0].logged) - {"_step", "_timestamp", "_runtime"} == set(VALIDATION)


def test_folds_do_not_inherit_the_trial(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_RUN_ID", "trial")
    monkeypatch.setenv("WANDB_SWEEP_PARAM_PATH", "x")
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    found = environment(tmp_path / "both")
    assert {name: value for name, value in found.items() if name.startswith("WANDB")} == {
        "WANDB_MODE": "offline",
        "WANDB_PROJECT": "mine",
        "WANDB_RUN_GROUP": "trial",
    }


def test_wandb_that_is_not_installed_is_said_before_anything_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("mser.crossval.tracking.find_spec", lambda name: None)
    options = [f"--config={EXPERIMENT}", f"--data.init_args.root={tmp_path}", f"--out={tmp_path / 'run'}"]
    assert main(["crossval", *options, "--logger=wandb"]) == 2
    assert "run pip install 'multimodal-ser[wandb]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_wandb_is_imported_only_when_used():
    code = "import sys, mser.crossval.cli, mser.crossval.worker; print('wandb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
