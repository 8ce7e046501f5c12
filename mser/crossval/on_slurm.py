"""Folds as the jobs of a SLURM array, through submitit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from mser.crossval.errand import Errand
from mser.crossval.jobs import Job
from mser.crossval.local import killer
from mser.errors import UserError, one_line, one_of

if TYPE_CHECKING:
    import submitit

MINUTES = 24 * 60
"""Of each job, unless `--slurm time=...` says otherwise."""
TIMEOUTS = 20
"""How often a job that ran out of time is queued again, to go on where it was."""
LATE = 60.0
"""Seconds until what one machine of a cluster has written is seen by all others."""


class Requeued(Errand):
    """An errand that saves itself when its time is up or its machine is wanted, and goes on when it runs again."""

    def __call__(self) -> int:
        """Return the worker's exit code."""
        signal.signal(signal.SIGTERM, self._leave)
        return super().__call__()

    def checkpoint(self) -> submitit.helpers.DelayedSubmission:
        """Return what to queue again; submitit asks for it when SLURM warns that time is up."""
        from submitit.helpers import DelayedSubmission

        self.stop()
        return DelayedSubmission(replace(self))

    def _leave(self, number: int, frame: FrameType | None) -> None:
        """End without a result: what SLURM does to the job then, cancel it or queue it again, is for SLURM to say."""
        self.stop()
        os._exit(128 + number)


class Submitted:
    """A job that is in SLURM's queue."""

    def __init__(self, job: Job, submitted: submitit.Job[int], *, here: bool) -> None:
        self.job, self.submitted, self.here = job, submitted, here
        self._seen: float | None = None

    def ended(self) -> str | None:
        """Return None while it waits or runs, then what ended it if that was not the worker."""
        if not self.submitted.done():
            return None
        if not self.submitted.paths.result_pickle.exists():
            return f"{self.submitted.state} in SLURM"
        if error := self.submitted.exception():
            return str(error).strip().splitlines()[-1].rpartition("Error: ")[2]
        self._seen = self._seen or time.monotonic()
        code = self.submitted.results()[0]
        late = code == 0 and not self.job.finished and time.monotonic() < self._seen + LATE
        return None if late else killer(code)

    def stop(self) -> None:
        """Ask it to save itself and end."""
        if self.here:
            os.kill(int(self.submitted.job_id), signal.SIGTERM)
        else:
            self.submitted.cancel(check=False)

    kill = stop  # SLURM itself kills what does not end


class Slurm:
    """Submits jobs as an array.

    Args:
        run: the run's folder, which all machines see.
        options: of `--slurm`: those of sbatch, by submitit's names.
        at_once: most jobs at a time.

    Raises:
        UserError: if submitit is not installed, there is no SLURM, or it has no such option.
    """

    def __init__(self, run: Path, options: dict[str, Any], at_once: int) -> None:
        self.at_once = at_once
        self.here = options.get("cluster") == "local"
        self.executor = _executor(run.resolve() / "slurm", options, at_once)

    def start(self, jobs: Sequence[Job]) -> list[Submitted]:
        """Submit the jobs as one array."""
        import submitit

        errands = [Requeued.of(replace(job, run=job.run.resolve())) for job in jobs]
        try:
            with self.executor.batch():
                submitted = [self.executor.submit(errand) for errand in errands]
        except (submitit.core.utils.FailedJobError, submitit.core.utils.FailedSubmissionError) as error:
            raise UserError(f"SLURM refused the jobs: {one_line(error)}; change --slurm") from error
        return [
            Submitted(job, submitted_job, here=self.here) for job, submitted_job in zip(jobs, submitted, strict=True)
        ]


def _executor(folder: Path, options: dict[str, Any], at_once: int) -> submitit.AutoExecutor:
    try:
        import submitit
    except ImportError:
        raise UserError(
            "--launcher slurm needs submitit, which is not installed; run pip install 'multimodal-ser[slurm]'"
        ) from None
    options = {"name": "mser", "array_parallelism": at_once, **options}
    cluster = options.pop("cluster", "slurm")
    if cluster not in ("slurm", "local"):
        raise UserError(f"--slurm cluster={cluster} is unknown: expected slurm, or local to try it on this machine")
    if "time" not in options:
        options.setdefault("timeout_min", MINUTES)
    shared = submitit.AutoExecutor._typed_parameters()
    valid = [*shared, *submitit.SlurmExecutor._valid_parameters()]
    for unknown in [name for name in options if name not in valid]:
        raise one_of("option of --slurm", unknown, ["cluster", *sorted(valid)])
    named = {name if name in shared else f"slurm_{name}": value for name, value in options.items()}
    try:
        executor = submitit.AutoExecutor(
            folder / "%j", cluster=cluster, slurm_max_num_timeout=TIMEOUTS, local_max_num_timeout=TIMEOUTS
        )
        executor.update_parameters(**named)
    except RuntimeError as error:
        raise UserError("there is no SLURM on this machine (no srun); submit from a login node") from error
    except (NameError, AssertionError, ValueError) as error:
        raise UserError(f"--slurm: {one_line(error)}") from error
    return executor
