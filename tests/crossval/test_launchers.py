"""mser crossval --launcher local|slurm|ray: the same run, wherever its folds are."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake.places import ROOT
from fake.trained import untrained

from mser.cli import main
from mser.crossval import fork_server, jobs, on_slurm
from mser.crossval.jobs import Job
from mser.launching import pairs, threads_each

WORKER = [sys.executable, str(ROOT / "tests/fake/worker.py")]
WITH_QUICK_FOLDS = """
import sys
from mser.cli import main
from mser.crossval import fork_server, jobs
jobs.WORKER = fork_server.WORKER = sys.argv[1:3]
sys.exit(main(sys.argv[3:]))
"""
SLURM = ["--launcher=slurm", "--slurm=cluster=local"]
LAUNCHERS = {"local": ["--jobs=2"], "slurm": SLURM, "ray": ["--launcher=ray"]}


@pytest.fixture(scope="module", autouse=True)
def one_ray():
    """One cluster on this machine for all of the module's tests."""
    yield
    ray = sys.modules.get("ray")
    if ray is not None:
        ray.shutdown()


@pytest.fixture(params=LAUNCHERS)
def launcher(request):
    return LAUNCHERS[request.param]


@pytest.fixture
def crossval(monkeypatch, capsys, tmp_path):
    """Runs mser crossval --skip_test with quick folds; gives exit code, standard output and error."""
    monkeypatch.setattr(jobs, "WORKER", WORKER)
    monkeypatch.setattr(fork_server, "WORKER", WORKER)

    def run(*options):
        code = main(["crossval", f"--out={tmp_path / 'run'}", "--skip_test", *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def log(folder, number):
    return (folder / f"run/seed1/fold{number}/log.txt").read_text()


@pytest.mark.slow
def test_a_fold_fails_and_only_it_runs_again(launcher, crossval, tmp_path):
    code, _, err = crossval("fail: 2", *launcher)
    assert code == 1
    assert f"mser: seed1/fold2 failed: this fold is not to be (see {tmp_path / 'run/seed1/fold2/log.txt'})" in (
        err.replace("\n(see", " (see")
    )
    assert "fold1 failed" not in err
    code, out, err = crossval("fail: 3", *launcher)
    assert (code, json.loads(out)) == (0, {"crossval/val_ua_mean": 0.375})
    assert "1 of 2 folds are finished already" in err
    assert log(tmp_path, 1).splitlines() == [f"from 0 as run in {Path.cwd()}"]
    assert log(tmp_path, 2).count("from 0") == 2


@pytest.mark.slow
def test_what_killed_a_fold_is_said(launcher, crossval):
    code, _, err = crossval("die: 1", "--folds=1", *launcher)
    assert code == 1
    assert "mser: seed1/fold1 failed: killed by SIGKILL" in err


@pytest.mark.slow
@pytest.mark.parametrize(
    "launcher", ["local", "slurm", pytest.param("ray", marks=pytest.mark.exhaustive)], indirect=True
)
def test_asked_to_stop_folds_save_themselves_and_go_on(launcher, crossval, tmp_path):
    folder = tmp_path / "run/seed1"
    command = [
        sys.executable,
        "-c",
        WITH_QUICK_FOLDS,
        *WORKER,
        "crossval",
        f"--out={tmp_path / 'run'}",
        "--skip_test",
        "long: true",
    ]
    process = subprocess.Popen(
        [*command, *launcher], stderr=subprocess.DEVNULL, env={**os.environ, "WANDB_MODE": "off"}
    )
    deadline = time.monotonic() + 120
    while not all((folder / f"fold{n}/begun").exists() for n in (1, 2)) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(2 * jobs.GRACE) == 128 + signal.SIGTERM
    assert all(log(tmp_path, n).splitlines()[-1] == "saved" for n in (1, 2))
    assert not list(folder.glob("*/metrics.json"))
    code, out, _ = crossval("long: false", *launcher)
    assert (code, json.loads(out)) == (0, {"crossval/val_ua_mean": 0.375})
    assert "from 2 as run" in log(tmp_path, 1)


@pytest.mark.slow
def test_a_fold_whose_time_is_up_is_queued_again(crossval, tmp_path):
    """submitit's own signal, as SLURM sends it ahead of the limit: saved, then run again from there."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.yaml").write_text("long: true")
    slurm = on_slurm.Slurm(tmp_path / "run", {"cluster": "local"}, 1)
    job = Job(tmp_path / "run", 1, 1, True)
    [task] = slurm.start([job])
    begun = job.folder / "begun"
    deadline = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    (tmp_path / "run/config.yaml").write_text("long: false")

    [pid] = [
        int(line)
        for line in Path(f"/proc/{task.submitted.job_id}/task/{task.submitted.job_id}/children").read_text().split()
    ]
    os.kill(pid, signal.SIGUSR2)
    while task.ended() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (task.ended(), job.finished) == ("", True)
    assert [line.split(" as")[0] for line in job.log.read_text().splitlines()] == ["from 0", "saved", "from 2"]


def test_pairs_are_read():
    assert pairs("partition=gpu,time=4:00:00,exclude=n1,n2,exclusive=true,mem_gb=1.5,gres=gpu:a100:1") == {
        "partition": "gpu", "time": "4:00:00", "exclude": "n1,n2", "exclusive": True, "mem_gb": 1.5,
        "gres": "gpu:a100:1",
    }  # fmt: skip


@pytest.mark.parametrize(("options", "words"), [
    (["--launcher=slurm"], "there is no SLURM on this machine (no srun); submit from a login node"),
    ([*SLURM[:1], "--slurm=cluster=local,partitoin=gpu"], "unknown option of --slurm 'partitoin'"),
    ([*SLURM[:1], "--slurm=cluster=local,nodes=two"], "--slurm: Parameter \"nodes\" expected type"),
    (["--launcher=slurm", "--slurm=cluster=aws"], "expected slurm, or local to try it on this machine"),
    (["--slurm=partition=gpu"], "--slurm says how to use another launcher; add --launcher slurm"),
    (["--launcher=ray", "--ray=gpu=1"], "option of --ray 'gpu': expected one of address, cpus, gpus, memory_gb"),
    (["--launcher=ray", "--ray=gpus=many"], "--ray gpus=many is no number; give one, such as gpus=1"),
])  # fmt: skip
def test_what_users_get_wrong(options, words, crossval, tmp_path):
    code, _, err = crossval("x: 1", *options)
    assert code == 2
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run/seed1").exists()


@pytest.mark.slow
def test_more_than_the_ray_cluster_has(crossval):
    code, _, err = crossval("x: 1", "--launcher=ray", "--ray=cpus=1000")
    assert code == 2
    assert "--ray asks for 1000 CPUs at a time, but the cluster has" in err


@pytest.mark.parametrize(("launcher", "package"), [("slurm", "submitit"), ("ray", "ray")])
def test_without_the_extra(launcher, package, crossval, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    assert f"pip install 'multimodal-ser[{launcher}]'" in crossval("x: 1", f"--launcher={launcher}")[2]


def test_options_that_are_no_pairs(crossval):
    assert "'gpu' is not of the form KEY=VALUE, such as partition=gpu,time=240" in crossval("--slurm=gpu")[2]
    assert "'0' is no whole number above 0" in crossval("--jobs=0")[2]


def test_what_is_submitted_to_slurm(tmp_path, monkeypatch):
    """An array with the options of sbatch, where there is a SLURM; what answers here is a script."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {"srun": "", "sbatch": f"cat $1 > {tmp_path}/sent; echo Submitted batch job 7"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    slurm = on_slurm.Slurm(tmp_path / "run", pairs("partition=gpu,time=240,gpus_per_node=1,mem_gb=32"), 2)
    tasks = slurm.start([Job(tmp_path / "run", fold, 1, False) for fold in (1, 2, 3)])
    assert [task.submitted.job_id for task in tasks] == ["7_0", "7_1", "7_2"]
    sent = (tmp_path / "sent").read_text().splitlines()
    for line in ("array=0-2%2", "partition=gpu", "time=240", "gpus-per-node=1", "mem=32GB", "signal=USR2@90"):
        assert f"#SBATCH --{line}" in sent


def test_processes_share_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert [threads_each(processes) for processes in (1, 3, 99)] == ["8", "2", "1"]
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert threads_each(2) == "3"
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert threads_each(2) == "5"


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A model folder and a table of recordings, one silent and one that is not there."""
    folder = tmp_path_factory.mktemp("clips")
    untrained(folder / "model", sides=("speech",))
    noise = np.random.default_rng(0)
    for number in range(7):
        samples = 0.1 * noise.standard_normal(4000 + 1000 * number) * (number != 3)
        soundfile.write(folder / f"{number}.wav", samples, 16000)
    (folder / "table.csv").write_text("audio\n" + "".join(f"{number}.wav\n" for number in (6, 0, 9, 3, 2, 5, 1, 4)))
    return folder


def test_a_few_hundred_clips_are_shared_too():
    from mser.predict.on_devices import _blocks

    assert [len(block) for block in _blocks(iter(range(60)))] == [16, 32, 12]
    assert [len(block) for block in _blocks(iter(range(1000)))] == [16, 32, 64, 128, 256, 256, 248]


@pytest.mark.exhaustive
@pytest.mark.parametrize("options", [["--device=cpu,cpu"], ["--launcher=ray", "--ray=cpus=1"]])
def test_predictions_of_several_in_the_order_asked(options, clips, tmp_path, monkeypatch, capsys):
    from mser.predict import on_devices as processes
    from mser.predict import on_ray_data

    monkeypatch.setattr(processes, "FIRST", 2)
    monkeypatch.setattr(processes, "BLOCK", 2)
    monkeypatch.setattr(on_ray_data, "BLOCK", 2)
    monkeypatch.chdir(clips)
    alone, out = tmp_path / "alone.csv", tmp_path / "out.csv"
    asked = ["predict", "model", "--table", "table.csv"]
    assert main([*asked, f"--out={alone}"]) == 1
    expected = list(csv.DictReader(alone.open(newline="")))
    out.write_text("".join(alone.read_text().splitlines(keepends=True)[:3]))
    assert main([*asked, f"--out={out}", *options]) == 1
    said = capsys.readouterr()
    assert f"{out}: 6 rows written, 2 were there already" in said.out
    assert "mser predict: 2 of 6 could not be used, the first: 9.wav is not there" in said.err
    rows = list(csv.DictReader(out.open(newline="")))
    for row, other in zip(rows, expected, strict=True):
        assert [row[name] for name in ("audio", "label", "error")] == [
            other[name] for name in ("audio", "label", "error")
        ]
        assert float(row["p_neu"] or 0) == pytest.approx(float(other["p_neu"] or 0), abs=1e-5)


@pytest.mark.exhaustive
def test_devices_that_are_not_there(clips, monkeypatch, capsys):
    monkeypatch.chdir(clips)
    assert main(["predict", "model", "0.wav", "--device=nonsense,nonsense"]) == 2
    assert "a process on nonsense,nonsense ended" in capsys.readouterr().err


def test_options_of_ray_ask_for_ray(clips, monkeypatch, capsys):
    monkeypatch.chdir(clips)
    assert main(["predict", "model", "0.wav", "--ray=cpus=1"]) == 2
    assert "add --launcher ray" in capsys.readouterr().err
