"""Runs folds wherever a launcher starts them: followed while they run, told when to stop, named when they fail."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from mser.crossval.fork_server import WORKER, ForkServer
from mser.crossval.lock import alone_in
from mser.errors import UserError
from mser.files.json_fields import read_object
from mser.runs.folder import CONFIG, HISTORY, LOG, METRICS, fold_name

_FULL = 1 << 20  # bytes
GRACE = 60.0
"""Seconds that a fold has to save itself after it was told to stop."""


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
        return fold_name(self.seed, self.fold)

    @property
    def folder(self) -> Path:
        """Return where everything of this job lies."""
        return self.run / self.name

    @property
    def log(self) -> Path:
        """Return where it says what it does."""
        return self.folder / LOG

    @property
    def metrics(self) -> Path:
        """Return the file that is written last: a job without it is unfinished."""
        return self.folder / METRICS

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do; a job that left the test part locked is not finished when it is wanted.

        Raises:
            UserError: if its results are damaged.
        """
        return self.metrics.exists() and (self.skip_test or "test" in self.scores())

    def scores(self) -> dict[str, Any]:
        """Return what its `metrics` say.

        Raises:
            UserError: if they are damaged.
        """
        return read_object(self.metrics, "delete it, and run the same command again: the fold is scored anew")

    def alone(self, *, patience: float = 0) -> AbstractContextManager[None]:
        """Hold its folder; whoever comes second is refused after `patience` seconds."""
        advice = "wait until that ends, or end it, then run the same command again"
        return alone_in(self.folder, f"{self.name} is being fitted already", advice, patience=patience)

    def arguments(self) -> list[str]:
        """Return what its worker is told."""
        options = {"--skip_test": self.skip_test, "--logger=wandb": self.track}
        chosen = [name for name, on in options.items() if on]
        return ["fold", str(self.run), str(self.fold), str(self.seed), *chosen]

    def command(self) -> list[str]:
        """Return what starts its worker."""
        return [*WORKER, *self.arguments()]

    def epochs(self) -> list[dict[str, str]]:
        """Return the learning curve so far."""
        try:
            with (self.folder / HISTORY).open(newline="", encoding="utf-8") as file:
                return list(csv.DictReader(file))
        except (OSError, ValueError, csv.Error):  # it is only shown here, and a report refuses it
            return []

    def last_words(self) -> str:
        """Return the last line of its log, or why there is none."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        if shutil.disk_usage(self.run).free < _FULL:  # a log has no room either
            return "the disk is full; make room, then run the same command again"
        return lines[-1] if lines else "it said nothing"


def call(server: ForkServer, arguments: list[str], log: Path) -> str:
    """Run a worker to its end and return what it printed.

    Raises:
        UserError: with the worker's own words, if it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, errors = Path(folder, "out"), Path(folder, "errors")
        worker = server.start(arguments, out, errors, os.environ)
        while (code := worker.code()) is None:
            time.sleep(0.05)
        printed, complaints = (file.read_text(errors="replace") if file.exists() else "" for file in (out, errors))
    if code:
        lines = complaints.strip().splitlines() or ["the worker said nothing"]
        if code != 2:
            log.write_text(printed + complaints)
            raise UserError(f"planning failed: {lines[-1]} (see {log})")
        raise UserError(lines[-1].removeprefix("mser: error: "))
    return printed


class Task(Protocol):
    """A job that a launcher has taken over."""

    def ended(self) -> str | None:
        """Return None while it waits or runs; then what ended it, or nothing where its log has the last word."""

    def stop(self) -> None:
        """Ask it to save itself and end."""

    def kill(self) -> None:
        """End it."""


class Launcher(Protocol):
    """Where jobs are run.

    Attributes:
        at_once: how many it takes at a time.
    """

    at_once: int

    def start(self, jobs: Sequence[Job]) -> Sequence[Task]:
        """Take over all of these jobs."""


def run_jobs(jobs: Sequence[Job], launcher: Launcher) -> dict[Job, str]:
    """Run what is not finished and return the jobs that failed, with the reason.

    Interrupting or terminating this process does the same to all jobs, which save themselves first.
    """
    waiting = [job for job in jobs if not job.finished]
    running: list[tuple[Job, Task]] = []
    failed: dict[Job, str] = {}
    with _asked_to_stop() as signals, _none_left(running), _progress(jobs, waiting) as show:
        while waiting or running:
            room = launcher.at_once - len(running)
            if begun := waiting[:room]:
                del waiting[:room]
                running += zip(begun, launcher.start(begun), strict=True)
            time.sleep(0.2)
            if signals:
                raise SystemExit(128 + signals[0])
            for job, task in list(running):
                if (end := task.ended()) is not None:
                    running.remove((job, task))
                    failed |= {} if job.finished else {job: end or job.last_words()}
                show(job)
    return failed


@contextmanager
def _none_left(running: Sequence[tuple[Job, Task]]) -> Iterator[None]:
    """Let no job outlive this process, whatever ends it: a closed terminal makes even a bar of progress fail."""
    try:
        yield
    except BaseException:
        _stop([task for _, task in running])
        raise


def _stop(tasks: Sequence[Task]) -> None:
    for task in tasks:
        task.stop()
    deadline = time.monotonic() + GRACE
    while (alive := [task for task in tasks if task.ended() is None]) and time.monotonic() < deadline:
        time.sleep(0.2)
    for task in alive:
        task.kill()


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Yield what SIGINT, SIGTERM and SIGHUP are noted in; nothing is broken off in the midst of being started.

    SIGHUP says that the terminal was closed; `nohup` has it ignored.
    """
    signals: list[int] = []
    every = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    numbers = [number for number in every if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda got, _: signals.append(got)) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shown(cell: str | None) -> str:
    try:
        return f"{float(cell or 'nan'):.3f}"
    except ValueError:  # a damaged history.csv, which a report refuses
        return "nan"


@contextmanager
def _progress(jobs: Sequence[Job], waiting: Sequence[Job]) -> Iterator[Any]:
    """Show one line per fold in a terminal; elsewhere one line when it is finished."""
    console = Console(stderr=True)
    done = len(jobs) - len(waiting)
    if done:
        console.print(f"{done} of {len(jobs)} folds are finished already")
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[score]}"), TimeElapsedColumn())
    finished: set[str] = set()
    monitor = yaml.safe_load((jobs[0].run / CONFIG).read_text(encoding="utf-8"))["checkpoint"]["monitor"]
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def show(job: Job) -> None:
            epochs = job.epochs()
            score = f"{monitor} {_shown(epochs[-1].get(monitor))}" if epochs else "starting"
            if job.name not in tasks:
                tasks[job.name] = progress.add_task(job.name, total=None, score=score)
            progress.update(tasks[job.name], score=f"epoch {len(epochs)}, {score}" if epochs else score)
            if job.finished and job.name not in finished:
                finished.add(job.name)
                progress.update(tasks[job.name], total=1, completed=1)
                if not console.is_terminal:
                    console.print(f"{job.name}: {len(epochs)} epochs, {score}")

        yield show
