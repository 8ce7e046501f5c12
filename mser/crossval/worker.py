"""What `mser crossval` starts: ``plan RUN [fit options]`` once, then ``fold RUN FOLD SEED [options]`` for each.

``serve`` becomes either of them as often as it is asked to.
"""

from __future__ import annotations

import errno
import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

from mser.crossval.fork_server import SERVE, serve
from mser.crossval.jobs import Job
from mser.errors import UserError, in_one_line

LEASE = 120.0
"""Seconds until a file server lets go of what a lost machine held: 90 by default on NFS."""


def main(argv: list[str]) -> int:
    """Do what is asked and return 0, or 2 after saying in one line what the user must mend."""
    if argv == [SERVE]:
        serve(main)
        return 0
    # SLURM's warning that time is up reaches every process of a job: submitit answers it, and asks this one to end.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    task, run, *rest = argv
    try:
        from mser.fitting.trainers import alone_in_allocation

        alone_in_allocation()
        if task == "plan":
            from mser.crossval.plan import plan

            print("\n".join(plan(run, rest)))
        else:
            _fold(Job(Path(run), int(rest[0]), int(rest[1]), "--skip_test" in rest, "--logger=wandb" in rest))
    except UserError as error:
        print(f"mser: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        message = "the disk is full; make room" if error.errno == errno.ENOSPC else in_one_line(error)
        print(f"mser: error: {message}", file=sys.stderr)
        return 2
    return 0


def _fold(job: Job) -> None:
    """Fit and test, unless another does or has done it: a job may still have waited when its command was killed."""
    from lightning.pytorch.utilities import rank_zero_only

    from mser.crossval.fold import fit_and_test

    # The other processes of the same fit come in the company of the first.
    with job.alone(patience=LEASE) if cast(Any, rank_zero_only).rank == 0 else nullcontext():
        if not job.finished:
            fit_and_test(str(job.run), fold=job.fold, seed=job.seed, skip_test=job.skip_test, track=job.track)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
