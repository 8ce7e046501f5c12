"""A run with a damaged file says which and what to delete; a closed terminal and any failure end all workers."""

import os
import shutil
import signal
from types import SimpleNamespace

import pytest
import torch
import yaml

from mser.crossval.cli import tell
from mser.crossval.fold import _require_whole
from mser.crossval.jobs import Job, run_jobs
from mser.crossval.planned import _require_folders
from mser.errors import UserError
from mser.fitting.resuming import require_same


@pytest.fixture
def job(tmp_path):
    job = Job(tmp_path, fold=1, seed=1, skip_test=False)
    job.folder.mkdir(parents=True)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"checkpoint": {"monitor": "val/ua"}}))
    return job


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"test": 1, "test": 2}', b"[" * 100_000])
def test_damaged_results_are_named(job, content):
    job.metrics.write_bytes(content)
    with pytest.raises(UserError, match=r"seed1/fold1/metrics.json.*delete it, and run the same command again"):
        _require_folders([job])


def test_what_is_no_folder_is_named(job):
    shutil.rmtree(job.folder)
    job.folder.symlink_to(job.folder)
    with pytest.raises(UserError, match="fold1 is no folder; delete it"):
        _require_folders([job])
    shutil.rmtree(job.folder.parent, ignore_errors=True)
    job.folder.unlink(missing_ok=True)
    job.folder.parent.rmdir() if job.folder.parent.exists() else None
    job.folder.parent.write_text("")
    with pytest.raises(UserError, match="seed1 is no folder; delete it"):
        _require_folders([job])


@pytest.mark.parametrize("name", ["best", "last"])
def test_damaged_checkpoints_are_named(job, name):
    path = job.folder / "checkpoints" / f"{name}.ckpt"
    path.parent.mkdir()
    _require_whole(job.folder, path)
    torch.save({"state_dict": {"a": torch.zeros(1000)}}, path)
    _require_whole(job.folder, path)
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"<!DOCTYPE html>"):
        path.write_bytes(content)
        with pytest.raises(
            UserError, match=f"{name}.ckpt is damaged; delete the folder .*seed1/fold1, and run the same"
        ):
            _require_whole(job.folder, path)


@pytest.mark.parametrize("content", [b"\xff\xfea\0", b"a: [", b"a: &a {b: *a}", b"[" * 5000])
def test_a_damaged_configuration_is_named(tmp_path, content):
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"config\.yaml is damaged"):
        require_same(tmp_path / "config.yaml", "a: 1", "choose another --out")


def test_advice_fits_the_failure(job, capsys):
    assert tell({job: "mser: error: best.ckpt is damaged; delete the folder"}) == 1
    said = capsys.readouterr().err
    assert "seed1/fold1 failed: best.ckpt is damaged; delete the folder (see" in said
    assert "to resume" not in said
    tell({job: "killed by SIGKILL"})
    assert "run the same command again to resume" in capsys.readouterr().err


def test_a_full_disk_is_said(job, monkeypatch):
    assert job.last_words() == "it said nothing"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    assert job.last_words() == "the disk is full; make room, then run the same command again"


class Endless:
    """Takes over a job, and does something else as soon as it is looked after."""

    at_once = 1

    def __init__(self, then):
        self.then, self.stopped = then, False

    def start(self, jobs):
        return [self]

    def ended(self):
        if self.stopped:
            return ""
        self.then()
        return None

    def stop(self):
        self.stopped = True

    kill = stop


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_no_worker_is_left(job, number):
    def own(*_):
        """Stand for what is there, since a shell lets what it starts in the background ignore SIGINT."""

    before = signal.signal(number, own)
    try:
        launcher = Endless(lambda: os.kill(os.getpid(), number))
        with pytest.raises(SystemExit) as ended:
            run_jobs([job], launcher)
        assert (ended.value.code, launcher.stopped) == (128 + number, True)
        assert signal.getsignal(number) is own
    finally:
        signal.signal(number, before)


def test_a_terminal_that_is_gone_leaves_no_worker(job):
    def gone():
        raise OSError(5, "Input/output error")

    launcher = Endless(gone)
    with pytest.raises(OSError, match="Input/output"):
        run_jobs([job], launcher)
    assert launcher.stopped


def test_nohup_is_obeyed(job):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        looks = iter(range(3))
        launcher = Endless(lambda: os.kill(os.getpid(), signal.SIGHUP if next(looks) < 2 else signal.SIGTERM))
        with pytest.raises(SystemExit) as ended:
            run_jobs([job], launcher)
        assert ended.value.code == 128 + signal.SIGTERM
    finally:
        signal.signal(signal.SIGHUP, before)
