"""``mser sweep``: the search that a wandb sweep file describes, without an account, and its honest test."""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from mser.crossval.cli import parse
from mser.errors import UserError
from mser.files.whole import write_text
from mser.runs.run_options import brief
from mser.runs.trials import (
    SETTINGS,
    Trial,
    judged_by,
    read_trial,
    read_trials,
    require_alike,
    score_of,
    settings_of,
)
from mser.sweep.file import Sweep, read_sweep, saved_sweep
from mser.sweep.winner import drop_losers, write_best
from mser.terminal.arguments import count
from mser.terminal.command_parser import CommandParser

if TYPE_CHECKING:
    from optuna import Study

Json = dict[str, Any]
DESCRIPTION = """\
Search for the best settings: each trial is a whole `mser crossval --skip_test`, judged by the sweep file's metric on
the validation parts. The same command run again carries on, also at the same time as others that share its --storage
and --out. `mser report DIR` ranks the trials and draws them. All further options are those of `mser crossval`.

The winner, one setting for all folds, becomes an experiment file, DIR/best.yaml. Under most protocols a fold validates
on what another fold tests, so that the winner was chosen on what it will be tested on: every run made from it says
that its score is optimistic. With --test each fold is tested with its own best trial by its own validation part, which
costs no training, and DIR/tested is the result: the score of the search. It needs no --trials, and no --config where
`mser sweep` has made the trials; for those of `wandb agent`, DIR is the folder that holds them."""


def main(argv: list[str]) -> int:
    """Run ``mser sweep`` and return its exit code.

    Raises:
        UserError: if the sweep file or the storage cannot be used, or no trial has succeeded.
    """
    args, more = command_parser().parse_known_args(argv)
    if args.trials is None and not args.test:
        raise UserError("how long is to be searched? give --trials N, or --test to test what was found")
    if args.trials is not None:
        if args.config is None:
            raise UserError("what is to be searched? give --config FILE, such as experiments/iemocap/sweep.yaml")
        signal.signal(signal.SIGTERM, _leave)
        _search(args, read_sweep(args.config), more)
    sweep = read_sweep(args.config) if args.config else saved_sweep(args.out)
    trials, sweep, score = _whole(args.out, sweep)
    _conclude(args.out, sweep, trials, score)
    if not args.test:
        return 0
    from mser.sweep.testing import test

    return test(args.out, sweep, trials, score, argv, more)


def command_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = CommandParser(
        "mser sweep", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="sweep file, as for `wandb sweep`")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of the trials and the winner")
    parser.add_argument("--trials", type=count, metavar="N", help="in all, earlier ones included")
    parser.add_argument("--test", action="store_true", help="test each fold with its own best trial; counted")
    parser.add_argument("--storage", metavar="FILE|URL", help="Optuna's record of trials (default: DIR/trials.log)")
    parser.add_argument("--seed", type=int, default=1, help="of the search (default: 1)")
    return parser


def _search(args: argparse.Namespace, sweep: Sweep, more: Sequence[str]) -> None:
    """Try settings until there are as many as were asked for, or no others."""
    from mser.sweep.search import ask, finished, keys_of, open_study, run

    options = [*sweep.options, *more]
    study = open_study(sweep, args.storage or str(args.out / "trials.log"), args.seed, _shared(options))
    sweep.write(args.out)
    for name, key in keys_of(study, sweep).items():
        if key != name:
            _say(
                f"{name} has other values than in earlier trials: those stay, and the search goes on over the new ones"
            )
    first = True
    while finished(study) < args.trials:
        trial = ask(study, sweep, args.out, args.seed)
        if trial is None:
            _say(f"all settings have been tried: there are no more than {finished(study)}")
            return

        def score(settings: Json, folder: Path, *, check: bool = first) -> float | None:
            write_text(folder / SETTINGS, json.dumps(settings, indent=1))
            command = [*options, *_flags(settings), f"--out={folder}", "--skip_test"]
            if check:
                _require_sound(command, folder, sweep)
            return _score(command, folder, sweep.metric)

        value = run(study, trial, score)
        first = False
        _tell(study, args.trials, trial.settings, trial.folder, sweep, value)
        _make_room(args.out, sweep)


def _shared(options: Sequence[str]) -> Json:
    """Return what all trials of a search have in common, as far as it decides what comes out."""
    own, fit_options = parse([*options, "--out=."])
    files = [Path(path) for path in own.config if Path(path).is_file()]
    contents = [hashlib.sha256(file.read_bytes()).hexdigest()[:8] for file in files]
    return {"options": fit_options, "seeds": own.seeds, "folds": own.folds, "experiment file's digest": contents}


def _require_sound(command: list[str], folder: Path, sweep: Sweep) -> None:
    """Refuse what would be wrong in every trial before the first one begins: options, corpus, metric."""
    from mser.sweep.score_names import validation_scores

    if _crossval([*command, "--plan"]):
        raise UserError("the first trial was refused, as said above; mend the sweep file or the options")
    score_of(sweep.metric, validation_scores(folder))


def _score(command: list[str], folder: Path, metric: str) -> float | None:
    """Return what a cross-validation scores; None if it failed, of which it has told."""
    if _crossval(command) or (trial := read_trial(folder)) is None:
        return None
    return trial.mean(score_of(metric, next(iter(trial.validation.values()))))


def _crossval(command: list[str]) -> int:
    """Run `mser crossval` and return its exit code; what it prints for programs is dropped."""
    process = subprocess.Popen([sys.executable, "-m", "mser", "crossval", *command], stdout=subprocess.DEVNULL)
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGTERM)  # it saves itself first
        process.wait()
        raise


def _flags(settings: Json) -> list[str]:
    return [f"--{name}={json.dumps(value)}" for name, value in settings.items()]


def _tell(study: Study, planned: int, settings: Json, folder: Path, sweep: Sweep, value: float | None) -> None:
    from mser.sweep.search import finished

    result = "failed" if value is None else f"{sweep.metric} {value:.4f}"
    _say(f"trial {finished(study)} of {planned}: {result} ({brief(settings)}; {folder})")


def _make_room(out: Path, sweep: Sweep) -> None:
    if any(trial.whole for trial in read_trials(out)):
        trials, sweep, score = _whole(out, sweep)
        drop_losers(trials, score, sweep.better)


def _whole(out: Path, sweep: Sweep | None) -> tuple[list[Trial], Sweep, str]:
    """Return the trials of which every fold is finished, what was searched, and the score that decides.

    Raises:
        UserError: if there is none.
    """
    trials = [trial for trial in read_trials(out) if trial.whole]
    if not trials:
        raise UserError(f"no trial in {out} has succeeded; see what they said above, or in their logs")
    require_alike(trials)
    sweep = sweep or _of_agents(out, trials[0])
    return trials, sweep, score_of(sweep.metric, next(iter(trials[0].validation.values())))


def _of_agents(out: Path, trial: Trial) -> Sweep:
    """Return what agents of wandb's have searched, as far as their trials tell."""
    metric, better = judged_by(out, trial)
    _say(f"judged by {metric}, as the trials chose their epochs; give the sweep file by --config for another metric")
    return Sweep(out.resolve().name, "bayes", metric, "maximize" if better > 0 else "minimize", {}, ())


def _conclude(out: Path, sweep: Sweep, trials: list[Trial], score: str) -> None:
    """Write the winner, and print it for programs; a person sees the ranking."""
    from mser.report.searches.sweep import show, sweep_report

    best = write_best(out, sweep, trials, score)
    show(sweep_report(out, trials, sweep.metric, sweep.better))
    result = {
        "best": str(out / "best.yaml"),
        sweep.metric: best.mean(score),
        "settings": settings_of(trials)[best.name],
    }
    print(json.dumps(result, indent=1))


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
