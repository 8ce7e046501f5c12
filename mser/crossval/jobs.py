"""Runs folds as processes: some at a time, each with its share of the machine, all of them told when to stop."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from mser.crossval.tracking import environment
from mser.errors import UserError

GRACE = 60.0
"""Seconds that a fold has to save itself after it was told to stop."""
WORKER = [sys.executable, "-m", "mser.crossval.worker"]


@dataclass(frozen=True)
class Job:
    """One fold with one seed.

    Attributes:
        run: the run's folder.
        fold: from 1.
        seed: of weights, order and dropout.
        skip_test: leave the test part locked.
        track: log it to Weights & Biases.
    """

    run: Path
    fold: int
    seed: int
    skip_test: bool
    track: bool = False

    @property
    def name(self) -> str:
        """Return ``seed1/fold2``: what people see, and where it lies in the run."""
        return f"seed{self.seed}/fold{self.fold}"

    @property
    def folder(self) -> Path:
        """Return where everything of this job lies."""
        return self.run / self.name

    @property
    def log(self) -> Path:
        """Return where it says what it does."""
        return self.folder / "log.txt"

    @property
    def metrics(self) -> Path:
        """Return the file that is written last: a job without it is unfinished."""
        return self.folder / "metrics.json"

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do; a job that left the test part locked is not finished when it is wanted."""
        import json

        return self.metrics.exists() and (self.skip_test or "test" in json.loads(self.metrics.read_text()))

    def epochs(self) -> list[dict[str, str]]:
        """Return the learning curve so far."""
        try:
            with (self.folder / "history.csv").open(newline="") as file:
                return list(csv.DictReader(file))
        except OSError:
            return []

    def last_words(self) -> str:
        """Return the last line of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "it said nothing"


def call(arguments: list[str], log: Path) -> None:
    """Run the worker to its end.

    Raises:
        UserError: with the worker's own words, if it failed.
    """
    done = subprocess.run(
        [*WORKER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        lines = done.stdout.strip().splitlines() or ["the worker said nothing"]
        if done.returncode != 2:
            log.write_text(done.stdout)
            raise UserError(f"planning failed: {lines[-1]} (see {log})")
        raise UserError(lines[-1].removeprefix("mser: error: "))


def run_jobs(jobs: list[Job], at_once: int) -> list[Job]:
    """Run what is not finished, `at_once` at a time, and return the jobs that failed.

    Interrupting or terminating this process does the same to all jobs, which save themselves first.
    """
    waiting = [job for job in jobs if not job.finished]
    running: dict[int, tuple[Job, subprocess.Popen[bytes]]] = {}
    failed: list[Job] = []
    with _progress(jobs, waiting) as show, _forwarding(running):
        while waiting or running:
            for slot in set(range(at_once)) - set(running):
                if waiting:
                    running[slot] = (job := waiting.pop(0), _start(job, slot, at_once))
            time.sleep(0.2)
            for slot, (job, process) in list(running.items()):
                if process.poll() is not None:
                    del running[slot]
                    failed += [] if job.finished else [job]
                show(job)
    return failed


def _start(job: Job, slot: int, slots: int) -> subprocess.Popen[bytes]:
    job.folder.mkdir(parents=True, exist_ok=True)
    options = {"--skip_test": job.skip_test, "--logger=wandb": job.track}
    arguments = ["fold", str(job.run), str(job.fold), str(job.seed), *(name for name, on in options.items() if on)]
    with job.log.open("ab") as log:
        # Its own session: Ctrl-C in the terminal reaches it once, through us, and not twice.
        return subprocess.Popen(
            [*WORKER, *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**environment(job.run), **_share(slot, slots)},
            start_new_session=True,
        )


def _share(slot: int, slots: int) -> dict[str, str]:
    """Return the variables that give a slot its cores and GPUs."""
    share = {"OMP_NUM_THREADS": str(max(len(os.sched_getaffinity(0)) // slots, 1))}
    if "OMP_NUM_THREADS" in os.environ:
        share = {}
    gpus = _gpus()
    return share | ({"CUDA_VISIBLE_DEVICES": ",".join(gpus[slot % len(gpus) :: slots])} if gpus and slots > 1 else {})


def _gpus() -> list[str]:
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [gpu for gpu in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if gpu]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(number) for number in range(len(listed.splitlines()))]


@contextmanager
def _forwarding(running: dict[int, tuple[Job, subprocess.Popen[bytes]]]) -> Iterator[None]:
    """Hand SIGINT and SIGTERM on to the jobs, give them time, and leave as the signal asks."""

    def stop(number: int, frame: FrameType | None) -> None:
        for _, process in running.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for _, process in running.values():
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(jobs: list[Job], waiting: list[Job]) -> Iterator[Any]:
    """Show one line per fold in a terminal; elsewhere one line when it is finished."""
    console = Console(stderr=True)
    done = len(jobs) - len(waiting)
    if done:
        console.print(f"{done} of {len(jobs)} folds are finished already")
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[score]}"), TimeElapsedColumn())
    told: set[str] = set()
    monitor = yaml.safe_load((jobs[0].run / "config.yaml").read_text(encoding="utf-8"))["checkpoint"]["monitor"]
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def show(job: Job) -> None:
            epochs = job.epochs()
            score = f"{monitor} {float(epochs[-1][monitor]):.3f}" if epochs else "starting"
            if job.name not in tasks:
                tasks[job.name] = progress.add_task(job.name, total=None, score=score)
            progress.update(tasks[job.name], score=f"epoch {len(epochs)}, {score}" if epochs else score)
            if job.finished and job.name not in told:
                told.add(job.name)
                progress.update(tasks[job.name], total=1, completed=1)
                if not console.is_terminal:
                    console.print(f"{job.name}: {len(epochs)} epochs, {score}")

        yield show
