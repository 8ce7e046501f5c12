"""A job as an engine takes it along to another machine, where it starts the same worker as here."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from mser.crossval.jobs import GRACE, Job
from mser.crossval.tracking import environment

_TOLD = ("WANDB_", "HF_", "TRANSFORMERS_", "PYTHONPATH")
"""What variables of this machine the other one is told."""


@dataclass
class Errand:
    """Runs the worker to its end when it is called. The machine has the same folders and the same Python.

    Attributes:
        job: what to do.
        command: of the worker.
        place: the folder to run it in, that of the command that was given.
        variables: to add to the machine's own.
    """

    job: Job
    command: list[str]
    place: Path
    variables: dict[str, str]

    @classmethod
    def of(cls, job: Job) -> Errand:
        """Return the errand of a job, which is to run as if it had been started here."""
        variables = {name: value for name, value in environment(job.run).items() if name.startswith(_TOLD)}
        return cls(job, job.command(), Path.cwd(), variables)

    def __call__(self) -> int:
        """Return the worker's exit code; whoever breaks this off lets the worker save itself first."""
        variables = environment(self.job.run) | self.variables
        self.job.folder.mkdir(parents=True, exist_ok=True)
        with self.job.log.open("ab") as log:
            # Its own session: what breaks this off reaches it once, through us, and not twice.
            self._worker = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=variables,
                cwd=self.place,
                start_new_session=True,
            )
        try:
            # Not wait(): Ray's way to break off comes between two statements.
            while (code := self._worker.poll()) is None:
                time.sleep(0.2)
        except BaseException:
            self.stop()
            raise
        return code

    def stop(self) -> None:
        """Let the worker save itself and end."""
        self._worker.terminate()
        deadline = time.monotonic() + GRACE
        while self._worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        self._worker.kill()
