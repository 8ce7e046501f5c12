"""Folds as processes of this machine, each with its share of cores and GPUs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence

from mser.crossval.fork_server import ForkServer, Worker
from mser.crossval.jobs import Job
from mser.crossval.tracking import environment


class Process:
    """A job's worker on this machine."""

    def __init__(self, worker: Worker, slot: int) -> None:
        self.worker, self.slot = worker, slot

    def ended(self) -> str | None:
        """Return None while it runs, then what ended it if that was a signal."""
        code = self.worker.code()
        return None if code is None else killer(code)

    def stop(self) -> None:
        """Ask it to save itself and end."""
        self.worker.send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.worker.send(signal.SIGKILL)


class Local:
    """Starts workers here.

    Args:
        at_once: how many; they share cores and GPUs.
        server: that splits them off.
    """

    def __init__(self, at_once: int, server: ForkServer) -> None:
        self.at_once, self._server = at_once, server
        self._begun: list[Process] = []

    def start(self, jobs: Sequence[Job]) -> list[Process]:
        """Start a process for each job, no more than have room."""
        self._begun = [task for task in self._begun if task.ended() is None]
        free = [slot for slot in range(self.at_once) if slot not in {task.slot for task in self._begun}]
        started = [self._started(job, slot) for job, slot in zip(jobs, free, strict=False)]
        self._begun += started
        return started

    def _started(self, job: Job, slot: int) -> Process:
        job.folder.mkdir(parents=True, exist_ok=True)
        variables = environment(job.run) | _gpus_of(slot, self.at_once)
        return Process(self._server.start(job.arguments(), job.log, job.log, variables), slot)


def killer(code: int) -> str:
    """Return which signal ended a worker, as its exit code tells; nothing if none did.

    Example:
        >>> killer(-9), killer(2)
        ('killed by SIGKILL', '')
    """
    return f"killed by {signal.Signals(-code).name}" if code < 0 else ""


def _gpus_of(slot: int, slots: int) -> dict[str, str]:
    """Return the variable that gives a slot its share of GPUs, where they are shared."""
    own = gpus()
    return {"CUDA_VISIBLE_DEVICES": ",".join(own[slot % len(own) :: slots])} if own and slots > 1 else {}


def gpus() -> list[str]:
    """Return the names of this machine's GPUs that may be used."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [gpu for gpu in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if gpu]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(number) for number in range(len(listed.splitlines()))]
