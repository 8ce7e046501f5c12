"""mser crossval: planned once, resumed, forwarded signals, nothing half-done taken for a result."""

import csv
import errno
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake.corpora.iemocap import make_iemocap
from fake.places import EXPERIMENTS

from mser.cli import main
from mser.crossval import plan, worker
from mser.crossval.lock import alone_in
from mser.errors import UserError
from mser.manifest import Manifest
from mser.runs.test_log import counts

EXPERIMENT = EXPERIMENTS / "demo/text_only.yaml"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    make_iemocap(root, turns=12)
    return root


def arguments(corpus, out, *more):
    options = [f"--data.init_args.root={corpus}", "--trainer.max_epochs=3", "--trainer.accelerator=cpu"]
    return ["crossval", "--config", str(EXPERIMENT), "--out", str(out), *options, *more]


def rows(out, fold):
    with (out / f"seed1/fold{fold}/predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_killed_stopped_resumed_and_reported(corpus, tmp_path, capsys):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert main(arguments(corpus, whole, "--folds=1,2")) == 0
    assert (whole / "report/report.json").exists()
    metrics = whole / "seed1/fold1/metrics.json"
    assert json.loads(metrics.read_text())["digest"] == json.loads((whole / "protocol.json").read_text())["digest"]

    command = [sys.executable, "-m", "mser", *arguments(corpus, broken, "--folds=1")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    history = broken / "seed1/fold1/history.csv"
    until(history.exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(90) == 128 + signal.SIGTERM
    assert main(arguments(corpus, broken, "--folds=1", "--skip_test")) == 0
    assert {row["split"] for row in rows(broken, 1)} == {"val"}
    assert main(arguments(corpus, broken, "--folds=1")) == 0
    assert rows(broken, 1) == rows(whole, 1)

    before = metrics.stat().st_mtime_ns
    assert main(arguments(corpus, whole, "--folds=1,2")) == 0
    assert metrics.stat().st_mtime_ns == before
    assert counts(whole) == {(1, 1): 1, (1, 2): 1}
    fold = whole / "seed1/fold2"
    again = ["test", f"--config={fold / 'config.yaml'}", f"--ckpt_path={fold / 'checkpoints/best.ckpt'}"]
    assert main(again) == 0
    assert counts(whole) == {(1, 1): 1, (1, 2): 2}
    capsys.readouterr()
    assert main(arguments(corpus, whole, "--folds=1,2", "--model.dropout=0.3")) == 2
    assert "was begun with model.dropout=0.1, now it is 0.3; choose another --out" in capsys.readouterr().err


def until(true, seconds=120):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.slow
def test_a_fold_that_outlived_its_command_is_not_fitted_twice(corpus, tmp_path, capsys, monkeypatch):
    """The command is killed, its worker is not: the next command and a job that was still waiting both see that."""
    asked = arguments(corpus, tmp_path, "--folds=1", "--skip_test", "--trainer.max_epochs=1000000")
    asked += ["--early_stopping.patience=1000000"]
    fold = tmp_path / "seed1/fold1"
    command = subprocess.Popen([sys.executable, "-m", "mser", *asked], stderr=subprocess.DEVNULL)
    until((fold / "history.csv").exists)
    command.kill()
    command.wait()
    holder = int((fold / ".lock").read_text().split()[1])
    held = f"seed1/fold1 is being fitted already (process {holder} on {socket.gethostname()}); wait until that ends"
    try:
        assert holder != command.pid
        refused(capsys, asked, held)
        monkeypatch.setattr(worker, "LEASE", 0.0)
        job = ["fold", str(tmp_path), "1", "1", "--skip_test"]
        assert worker.main(job) == 2
        assert held in capsys.readouterr().err
    finally:
        os.kill(holder, signal.SIGKILL)
    (fold / "metrics.json").write_text("{}")
    until(lambda: worker.main(job) == 0, 10)
    assert (fold / ".lock").read_text() == f"process {os.getpid()} on {socket.gethostname()}"


def test_where_there_are_no_locks(tmp_path, monkeypatch, caplog):
    def none(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with alone_in(tmp_path, "found", "advice"), alone_in(tmp_path, "found", "advice"):
        assert "no locks here (No locks available), so start nothing twice" in caplog.text


def refused(capsys, argv, *words):
    assert main(argv) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    for word in words:
        assert word in error[0]


def test_what_users_get_wrong(corpus, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    refused(capsys, arguments(corpus, tmp_path / "file" / "run"), "cannot write to", "choose another --out")
    refused(capsys, arguments(tmp_path / "nowhere", tmp_path / "a"), "nowhere")
    refused(
        capsys, arguments(corpus, tmp_path / "b", "--folds=7"), "fold 7 was asked for, but iemocap/loso5 has folds 1 to"
    )
    assert main(arguments(corpus, tmp_path / "c", "--folds=one")) == 2
    assert not list(tmp_path.glob("*/seed*"))


def test_a_failing_fold_is_reported(corpus, tmp_path, capsys):
    assert main(arguments(corpus, tmp_path / "run", "--plan")) == 0
    assert not (tmp_path / "run/seed1").exists()
    manifest = tmp_path / "run/manifest.jsonl"
    told = (tmp_path / "run/cues.csv").read_text().splitlines()
    assert {row.partition(",")[0] for row in told[1:]} == {one.id for one in Manifest.read(manifest)}
    wav = next(iter(sorted(Path(corpus).glob("Session1/**/wav/*/Ses01*_F000.wav"))))
    hidden = wav.with_suffix(".hidden")
    os.rename(wav, hidden)
    try:
        text = manifest.read_text()
        manifest.write_text(text)
        from mser.crossval.fold import fit_and_test

        with pytest.raises(UserError, match=r"cannot read .*No such file"):
            fit_and_test(str(tmp_path / "run"), fold=1, seed=1, skip_test=False)
    finally:
        os.rename(hidden, wav)
    assert not (tmp_path / "run/seed1/fold1/metrics.json").exists()


def test_no_room(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(UserError, match=r"free but the checkpoints of a fit need .* make room"):
        plan.plan(str(tmp_path), [f"--config={EXPERIMENT}", f"--data.init_args.root={corpus}"])
    assert not (tmp_path / "config.yaml").exists()
