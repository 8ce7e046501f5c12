"""Folds as processes of this machine, each with its share of cores and GPUs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from mser.crossval.jobs import Job
from mser.crossval.tracking import environment
from mser.launching import threads_each


class Process:
    """A job's worker on this machine."""

    def __init__(self, process: subprocess.Popen[bytes], slot: int) -> None:
        self.process, self.slot = process, slot

    def ended(self) -> str | None:
        """Return None while it runs, then what ended it if that was a signal."""
        code = self.process.poll()
        return None if code is None else killer(code)

    def stop(self) -> None:
        """Ask it to save itself and end."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.process.kill()


class Local:
    """Starts workers here.

    Args:
        at_once: how many; they share cores and GPUs.
    """

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._begun: list[Process] = []

    def start(self, jobs: Sequence[Job]) -> list[Process]:
        """Start a process for each job, no more than have room."""
        self._begun = [task for task in self._begun if task.ended() is None]
        free = [slot for slot in range(self.at_once) if slot not in {task.slot for task in self._begun}]
        started = [Process(open_worker(job.command(), job.log, _variables(job, slot, self.at_once)), slot)
                   for job, slot in zip(jobs, free, strict=False)]  # fmt: skip
        self._begun += started
        return started


def open_worker(
    command: Sequence[str], log: Path, variables: Mapping[str, str], place: Path | None = None
) -> subprocess.Popen[bytes]:
    """Return the running worker, which says what it does in `log`.

    Args:
        command: to run.
        log: to add to.
        variables: all of its environment.
        place: the folder to run in; the present one when None.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        # Its own session: Ctrl-C in the terminal reaches it once, through us, and not twice.
        return subprocess.Popen(
            command,
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=variables,
            cwd=place,
            start_new_session=True,
        )


def killer(code: int) -> str:
    """Return which signal ended a worker, as its exit code tells; nothing if none did.

    Example:
        >>> killer(-9), killer(2)
        ('killed by SIGKILL', '')
    """
    return f"killed by {signal.Signals(-code).name}" if code < 0 else ""


def _variables(job: Job, slot: int, slots: int) -> dict[str, str]:
    """Return the environment that gives a slot its cores and GPUs."""
    share = {"OMP_NUM_THREADS": threads_each(slots)}
    own = gpus()
    if own and slots > 1:
        share["CUDA_VISIBLE_DEVICES"] = ",".join(own[slot % len(own) :: slots])
    return {**environment(job.run), **share}


def gpus() -> list[str]:
    """Return the names of this machine's GPUs that may be used."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [gpu for gpu in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if gpu]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(number) for number in range(len(listed.splitlines()))]
