"""``mser sweep --test``: every fold is tested with its own best trial, and no label of a test part has a say in which.

A setting that is best on average over all folds was chosen by labels that the folds test, wherever one fold validates
on what another one tests. A fold's own validation part is never what it tests: what it chooses by it is unbiased.
Nothing is trained: each trial has been validated in every fold already, and the best one's weights are still there.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mser.crossval.cli import launcher, parse, tell
from mser.crossval.fork_server import ForkServer
from mser.crossval.jobs import Job, run_jobs
from mser.crossval.lock import alone_in
from mser.crossval.provenance import provenance
from mser.errors import UserError
from mser.files.whole import write_text
from mser.launching import threads_each
from mser.runs.folder import CONFIG, HISTORY, MANIFEST, METRICS, PREDICTIONS, PROTOCOL, PROVENANCE
from mser.runs.search_record import Choice, Procedure
from mser.runs.trials import Key, Trial, own_best, require_alike, settings_of
from mser.sweep.file import Sweep
from mser.sweep.winner import CHECKPOINT, searched

TESTED = "tested"
"""The folder of the run, within the sweep's."""
_SHARED = (PROTOCOL, MANIFEST)
_OF_A_FOLD = (CONFIG, HISTORY, PREDICTIONS)


def test(out: Path, sweep: Sweep, trials: Sequence[Trial], score: str, argv: Sequence[str], more: Sequence[str]) -> int:
    """Test each fold's own choice, show the report and return the exit code.

    Args:
        out: the sweep's folder; the run is made in it.
        sweep: what was searched.
        trials: whole ones.
        score: the validation score to choose by.
        argv: the command, for the run's provenance.
        more: options of `mser crossval`, of which only those count that say where and how many at a time.

    Raises:
        UserError: if the trials do not fit together, or lack what is needed.
    """
    require_alike(trials)
    chosen = own_best(trials, score, sweep.better)
    planned = trials[0].planned
    for seed, fold in planned:
        _require_kept(chosen[fold], (seed, fold))
    procedure = _procedure(sweep, trials, chosen, score)
    run = out / TESTED
    args, _ = parse([*more, f"--out={run}"])
    alone = alone_in(run, f"another mser sweep --test is at work in {run}", "wait for it")
    with alone, ForkServer(threads_each(args.jobs or 1)) as server:
        jobs = [Job(run, fold, seed, skip_test=False) for seed, fold in planned]
        work = launcher(args, run, len(jobs), server)
        for job in jobs:
            _place(job, chosen[job.fold], sum(trial.seconds[job.seed, job.fold] for trial in trials))
        _describe(run, trials, chosen, procedure, argv)
        failed = run_jobs(jobs, work)
    if failed:
        return tell(failed)
    from mser.report.cli import main as report

    return report([str(run)])


def _require_kept(trial: Trial, key: Key) -> None:
    """Refuse a choice whose validation answers or whose weights are gone."""
    folder = trial.folder / f"seed{key[0]}/fold{key[1]}"
    again = f"delete {folder} and run the same search again to fit it anew"
    try:
        with (folder / PREDICTIONS).open(encoding="utf-8", newline="") as file:
            validated = any(row.get("split") == "val" for row in csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        validated = False
    if not validated:
        raise UserError(f"{folder} has kept no predictions of its validation part; {again}")
    if not (folder / CHECKPOINT).is_file():
        raise UserError(f"{folder} is the best of its fold, but its {CHECKPOINT} is gone; {again}")


def _procedure(sweep: Sweep, trials: Sequence[Trial], chosen: dict[int, Trial], score: str) -> Procedure:
    settings = settings_of(trials)
    choices = [
        Choice(fold, trial.name, trial.of_fold(score, fold), settings[trial.name]) for fold, trial in chosen.items()
    ]
    return Procedure(searched(sweep, trials), sweep.parameters, tuple(choices))


def _place(job: Job, trial: Trial, seconds: float) -> None:
    """Put a fold's choice where it is to be tested, as a fold of which only the test is left.

    What was tested before stays, if the choice is the same. If not, its lines in ``tested.jsonl`` stay.
    """
    try:
        if json.loads(job.metrics.read_text(encoding="utf-8"))["trial"] == trial.name:
            return
    except (OSError, ValueError, KeyError):
        pass
    shutil.rmtree(job.folder, ignore_errors=True)
    source = trial.folder / job.name
    try:
        (job.folder / CHECKPOINT).parent.mkdir(parents=True)
        for name in _OF_A_FOLD:
            if (source / name).is_file():
                shutil.copyfile(source / name, job.folder / name)
        _link(source / CHECKPOINT, job.folder / CHECKPOINT)
        record = json.loads((source / METRICS).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot write {job.folder}: {error.strerror}; make room and run the same again") from error
    # What a fold's choice costs is all that it was chosen from.
    write_text(job.metrics, json.dumps(record | {"trial": trial.name, "seconds": round(seconds, 1)}, indent=1))


def _link(source: Path, place: Path) -> None:
    """Let the same weights lie in two places; they are copied where the file system cannot do that."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)


def _describe(
    run: Path, trials: Sequence[Trial], chosen: dict[int, Trial], procedure: Procedure, argv: Sequence[str]
) -> None:
    first = trials[0]
    for name in _SHARED:
        shutil.copyfile(first.folder / name, run / name)
    config = {"procedure": procedure.facts(), **_common([chosen[fold].config for fold in sorted(chosen)])}
    if not (config["model"] or {}).get("objective", {}).get("class_path"):
        raise UserError("the folds chose several objectives, which answer different questions; search over one")
    write_text(run / CONFIG, yaml.safe_dump(config, sort_keys=False))
    seeds = sorted({seed for seed, _ in first.planned})
    facts = provenance(run, list(argv), first.folds, seeds, skip_test=False, command="sweep")
    facts |= {"name": f"{run.resolve().parent.name} (search)", "procedure": procedure.facts()}
    write_text(run / PROVENANCE, json.dumps(facts, indent=1))


def _common(configs: Sequence[Any]) -> Any:
    """Return the options that several configurations share; the others are null, or all of them if they are names."""
    first = configs[0]
    if all(isinstance(config, dict) for config in configs):
        names = dict.fromkeys(name for config in configs for name in config)
        return {name: _common([config.get(name) for config in configs]) for name in names}
    if all(config == first for config in configs):
        return first
    if all(isinstance(config, str) for config in configs):
        return " | ".join(dict.fromkeys(configs))
    return None
