"""``mser crossval``: plans once, then lets a process for each fold fit and test it. Imports no torch."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from os.path import expandvars
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mser.crossval.beside import beside_speakers
from mser.crossval.fork_server import ForkServer
from mser.crossval.jobs import Job, Launcher, run_jobs
from mser.crossval.learning import curve, unlearned
from mser.crossval.local import Local
from mser.crossval.lock import alone_in
from mser.crossval.planned import Planned, planned
from mser.crossval.provenance import provenance
from mser.crossval.tracking import LOGGERS, close, in_sweep, require_wandb
from mser.errors import UserError
from mser.files.whole import write_text
from mser.fitting.early import require_at_hand
from mser.labels import LabelSet
from mser.launching import LAUNCHERS, pairs, threads_each
from mser.runs.folder import CONFIG, HISTORY, PROVENANCE
from mser.runs.search_record import KEY, of_config
from mser.terminal.arguments import count
from mser.terminal.command_parser import CommandParser

if TYPE_CHECKING:
    from mser.report.contents import Report

log = logging.getLogger(__name__)

DESCRIPTION = """\
Fit and test every fold, with every seed, of one experiment. Each gets its own process and its own folder,
RUN/seed<S>/fold<K>; what is finished is skipped and what was interrupted is resumed, so the same command run again
carries on. All further options are those of `mser fit`."""


def main(argv: list[str]) -> int:
    """Run the cross-validation and return 0, or 1 if a fold failed.

    Args:
        argv: the command's options; those it does not know go to ``mser fit``.

    Raises:
        UserError: for whatever is wrong before any training starts.
    """
    args, fit_options = parse(argv)
    fit_options = [option for config in args.config for option in ("--config", config)] + fit_options
    if "--print_config" in (option.partition("=")[0] for option in fit_options):
        from mser.training import main as fit

        return fit(["fit", *fit_options])
    require_at_hand(fit_options, folds=args.folds or ())
    _require_tests(args)
    run = Path(expandvars(args.out))
    track = bool(args.logger) or in_sweep()
    if track:
        require_wandb()
    alone = alone_in(run, f"another mser crossval is at work in {run}", "wait for it or choose another --out")
    with alone, ForkServer(threads_each(args.jobs or 1)) as server:
        runs = _planned(run, fit_options, args, server, track=track)
        works = [launcher(args, one.run, len(one.jobs), server) for one in runs]
        for one in runs:
            one.require_idle()
        if args.plan:
            print("\n".join(one.summary for one in runs))
            return 0
        for one, work in zip(runs, works, strict=True):
            _write_provenance(one.run, provenance(one.run, argv, list(one.folds), args.seeds, args.skip_test))
            if failed := run_jobs(one.jobs, work):
                return tell(failed)
            _say_unlearned(one.jobs, one.protocol)
    report = _shown(run, runs[0].jobs, args.skip_test)
    if track:
        close(run, _validation(runs[0].jobs), report)
    return 0


def _planned(
    run: Path, fit_options: list[str], args: argparse.Namespace, server: ForkServer, *, track: bool
) -> list[Planned]:
    """Return the run, and the one beside it that is asked for; of both all mistakes are found here."""
    asked = {"folds": args.folds, "seeds": args.seeds, "skip_test": args.skip_test}
    runs = [planned(run, fit_options, server, track=track, **asked)]
    if args.beside:
        beside, options = beside_speakers(run, fit_options)
        runs.append(planned(beside, options, server, track=False, notes=False, **asked))
    return runs


def _require_tests(args: argparse.Namespace) -> None:
    if args.beside and args.skip_test:
        raise UserError(
            "--beside compares what two runs score on test, but --skip_test locks that; leave one of them out"
        )


def _write_provenance(run: Path, facts: dict[str, Any]) -> None:
    """Write ``run.json``, with the search that the options come from, if they do."""
    facts[KEY] = of_config((run / CONFIG).read_text(encoding="utf-8"))
    write_text(run / PROVENANCE, json.dumps(facts, indent=1))


def parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the options of `mser crossval` itself, and the others, which are those of `mser fit`."""
    return command_parser().parse_known_args(argv)


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        "mser crossval",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--config", action="append", default=[], metavar="FILE", help="experiment file; may come again")
    parser.add_argument("--out", required=True, metavar="RUN", help="the run's folder; may name a $VARIABLE")
    parser.add_argument("--folds", type=_numbers, metavar="1,2", help="only these folds (default: all)")
    parser.add_argument(
        "--seeds", type=_numbers, default=[1], metavar="1,2,3", help="repeat with each seed (default: 1)"
    )
    many = "folds at a time; on this machine they share cores and GPUs (default: 1, on a cluster all)"
    parser.add_argument("--jobs", type=count, metavar="N", help=many)
    where = "where folds run: here, as a SLURM array, or on a Ray cluster (default: local)"
    parser.add_argument("--launcher", choices=LAUNCHERS, default="local", help=where)
    sbatch = "options of sbatch, such as partition=gpu,time=240,gpus_per_node=1,mem_gb=32"
    parser.add_argument("--slurm", type=pairs, default={}, metavar="KEY=VALUE,...", help=sbatch)
    share = "address of the cluster, and cpus, gpus and memory_gb of each fold"
    parser.add_argument("--ray", type=pairs, default={}, metavar="KEY=VALUE,...", help=share)
    parser.add_argument("--plan", action="store_true", help="settle and check everything, but train nothing")
    parser.add_argument("--skip_test", action="store_true", help="leave the test parts locked, as trials must")
    beside = (
        "run it again, in RUN/beside_speakers, in folds as large whose tested speakers are not trained on, and let "
    )
    beside += "the report say what hearing them gave away"
    parser.add_argument("--beside", choices=("speakers",), help=beside)
    parser.add_argument("--logger", choices=LOGGERS, help="also log to Weights & Biases, as one group (default: no)")
    return parser


def _numbers(text: str) -> list[int]:
    numbers = text.split(",")
    if not all(number.isdecimal() and len(number) < 10 for number in map(str.strip, numbers)):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 1,2,3")
    return sorted({int(number) for number in numbers})


def _say_unlearned(jobs: Sequence[Job], protocol: Mapping[str, Any]) -> None:
    """Say which folds ended at chance: with part of the folds, a report does not."""
    for job in jobs if protocol.get("task") == LabelSet.kind else ():
        if message := unlearned(curve(job.folder / HISTORY), len(protocol["labels"])):
            log.warning("%s: %s", job.name, message)


def launcher(args: argparse.Namespace, run: Path, jobs: int, server: ForkServer) -> Launcher:
    """Return where the jobs go; a cluster takes all of them unless `--jobs` says otherwise."""
    for name in ("slurm", "ray"):
        if getattr(args, name) and args.launcher != name:
            raise UserError(f"--{name} says how to use another launcher; add --launcher {name}")
    if args.launcher == "slurm":
        from mser.crossval.on_slurm import Slurm

        return Slurm(run, args.slurm, args.jobs or jobs)
    if args.launcher == "ray":
        from mser.crossval.on_ray import Ray

        return Ray(args.ray, args.jobs or jobs)
    return Local(args.jobs or 1, server)


def tell(failed: dict[Job, str]) -> int:
    """Say which folds failed and why, and return the exit code."""
    import sys

    for job, reason in failed.items():
        print(f"mser: {job.name} failed: {reason.removeprefix(_MISTAKE)} (see {job.log})", file=sys.stderr)
    if not all(reason.startswith(_MISTAKE) for reason in failed.values()):  # such a line says itself what to do
        print("mser: run the same command again to resume what is not finished", file=sys.stderr)
    return 1


_MISTAKE = "mser: error: "


def _shown(run: Path, jobs: Sequence[Job], skip_test: bool) -> Report | None:
    """Return the report, which is written and shown; where the test parts stay locked, show validation instead."""
    if skip_test:
        print(json.dumps(_validation(jobs), indent=1))
        return None
    from mser.report.cli import report_of

    return report_of(run)


def _validation(jobs: Sequence[Job]) -> dict[str, Any]:
    """Return the mean over folds and seeds of each validation score."""
    scores = [job.scores()["val"] for job in jobs]
    return {f"crossval/val_{name}_mean": sum(score[name] for score in scores) / len(scores) for name in scores[0]}
