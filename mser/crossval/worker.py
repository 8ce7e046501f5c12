"""What `mser crossval` starts: ``plan RUN [fit options]`` once, then ``fold RUN FOLD SEED [options]`` for each."""

from __future__ import annotations

import signal
import sys

from mser.errors import UserError


def main(argv: list[str]) -> int:
    """Do one of the two and return 0, or 2 after saying in one line what the user must mend."""
    # SLURM's warning that time is up reaches every process of a job: submitit answers it, and asks this one to end.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    task, run, *rest = argv
    try:
        if task == "plan":
            from mser.crossval.plan import plan

            plan(run, rest)
        else:
            from mser.crossval.fold import fit_and_test

            fit_and_test(
                run,
                fold=int(rest[0]),
                seed=int(rest[1]),
                skip_test="--skip_test" in rest,
                track="--logger=wandb" in rest,
            )
    except UserError as error:
        print(f"mser: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
