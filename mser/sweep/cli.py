"""``mser sweep``: the search that a wandb sweep file describes, through Optuna and without an account."""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import yaml

from mser.errors import UserError
from mser.files import write_text

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.storages import BaseStorage

Json = dict[str, Any]
_KINDS = ("uniform", "log_uniform_values", "int_uniform")
DESCRIPTION = """\
Search for the best settings: each trial is a whole `mser crossval --skip_test`, judged by the sweep file's metric on
the validation parts; no test part is opened. The same command run again carries on, also at the same time as others
that share its --storage and --out. The winner becomes an experiment file, OUT/best.yaml. All further options are those
of `mser crossval`."""


def main(argv: list[str]) -> int:
    """Run ``mser sweep`` and return its exit code.

    Raises:
        UserError: if the sweep file or the storage cannot be used, or no trial has succeeded.
    """
    args, more = _parser().parse_known_args(argv)
    sweep = _read(args.config)
    study = _study(args.storage or str(args.out / "trials.log"), sweep, args.seed)
    signal.signal(signal.SIGTERM, _leave)
    while (
        len([trial for trial in study.trials if trial.state.is_finished() and not _is_broken_off(trial)]) < args.trials
    ):
        _try(study, sweep, args.out, more)
    return _finish(study, sweep, args.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "mser sweep", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="sweep file, as for `wandb sweep`")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of the trials and the winner")
    parser.add_argument("--trials", required=True, type=int, metavar="N", help="in all, earlier ones included")
    parser.add_argument("--storage", metavar="FILE|URL", help="Optuna's record of trials (default: OUT/trials.log)")
    parser.add_argument("--seed", type=int, default=1, help="of the search (default: 1)")
    return parser


def _read(path: Path) -> Json:
    try:
        sweep = yaml.safe_load(path.read_text(encoding="utf-8"))
        command = sweep["command"]
        options = command[command.index("crossval") + 1 :]
        return {
            "name": path.stem,
            "metric": sweep["metric"]["name"],
            "goal": sweep["metric"]["goal"],
            "parameters": dict(sweep["parameters"]),
            "options": [option for option in options if option != "${args}"],
            "experiments": [Path(options[i + 1]) for i, option in enumerate(options) if option == "--config"],
        }
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, IndexError) as error:
        message = f"{path} is no sweep file: {' '.join(str(error).split())} ({type(error).__name__})"
        raise UserError(f"{message}; see experiments/iemocap/sweep.yaml") from error


def _study(storage: str, sweep: Json, seed: int) -> Study:
    try:
        import optuna
    except ImportError:
        raise UserError(
            "mser sweep needs Optuna, which is not installed; run pip install 'multimodal-ser[sweep]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if sweep["goal"] not in ("maximize", "minimize"):
        raise UserError(f"the goal of a sweep is {sweep['goal']!r}, expected maximize or minimize")
    return optuna.create_study(
        study_name=sweep["name"],
        storage=_storage(storage),
        direction=sweep["goal"],
        sampler=optuna.samplers.TPESampler(seed=seed),
        load_if_exists=True,
    )


def _storage(place: str) -> str | BaseStorage:
    if "://" in place:
        return place
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    Path(place).parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(place))


def _try(study: Study, sweep: Json, out: Path, more: list[str]) -> None:
    """Run one trial; one that is broken off is the next to be run again, in the same folder."""
    from optuna.trial import TrialState

    trial = study.ask()
    settings = {name: suggest(trial, name, space) for name, space in sweep["parameters"].items()}
    folder = out / hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    flags = [f"--{name}={json.dumps(value)}" for name, value in settings.items()]
    try:
        score = _score([*sweep["options"], *flags, *more, f"--out={folder}", "--skip_test"], sweep["metric"])
    except BaseException:
        trial.set_user_attr("broken_off", value=True)
        study.tell(trial, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)
        raise
    trial.set_user_attr("folder", str(folder))
    study.tell(trial, score, TrialState.FAIL if score is None else TrialState.COMPLETE)
    told = "failed" if score is None else f"{sweep['metric']} {score:.4f}"
    print(f"trial {trial.number}: {told} ({' '.join(flags)}; {folder})", file=sys.stderr)


def suggest(trial: Trial, name: str, space: Mapping[str, Any]) -> Any:
    """Return a value for one of the sweep file's parameters.

    Args:
        trial: chooses it.
        name: an option of `mser fit`.
        space: ``value``, ``values``, or ``min`` and ``max`` with a ``distribution``: ``uniform``,
            ``log_uniform_values`` or ``int_uniform``; what the ends are decides where none is named.

    Raises:
        UserError: for any other.
    """
    if "value" in space:
        return space["value"]
    if "values" in space:
        return trial.suggest_categorical(name, space["values"])
    whole = isinstance(space.get("min"), int) and isinstance(space.get("max"), int)
    kind = space.get("distribution", "int_uniform" if whole else "uniform")
    if kind not in _KINDS or not {"min", "max"} <= set(space):
        expected = f"expected values, or min and max with {', '.join(_KINDS)}"
        raise UserError(f"{name} is to be drawn from {dict(space)}, {expected}")
    if kind == "int_uniform":
        return trial.suggest_int(name, space["min"], space["max"])
    return trial.suggest_float(name, space["min"], space["max"], log=kind == "log_uniform_values")


def _score(options: list[str], metric: str) -> float | None:
    """Return what a cross-validation scores; None if it failed, of which it has told."""
    process = subprocess.Popen([sys.executable, "-m", "mser", "crossval", *options], stdout=subprocess.PIPE, text=True)
    try:
        printed, _ = process.communicate()
    except BaseException:
        process.send_signal(signal.SIGTERM)  # it saves itself first
        process.wait()
        raise
    if process.returncode:
        return None
    scores = json.loads(printed)
    if metric not in scores:
        raise UserError(f"there is no {metric}; expected one of {', '.join(scores)}")
    return float(scores[metric])


def _is_broken_off(trial: Any) -> bool:
    return bool(trial.user_attrs.get("broken_off"))


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _finish(study: Study, sweep: Json, out: Path) -> int:
    from optuna.trial import TrialState

    if not study.get_trials(states=(TrialState.COMPLETE,)):
        raise UserError("no trial has succeeded; see what they said above")
    best = study.best_trial
    fixed = {name: space["value"] for name, space in sweep["parameters"].items() if "value" in space}
    experiment: Json = {}
    for path in sweep["experiments"]:
        experiment = _merged(experiment, yaml.safe_load(path.read_text(encoding="utf-8")))
    for name, value in (fixed | best.params).items():
        *parents, last = name.split(".")
        inner: Json = {last: value}
        for parent in reversed(parents):
            inner = {parent: inner}
        experiment = _merged(experiment, inner)
    head = (
        f"# Best of {len(study.trials)} trials of {sweep['name']}: {sweep['metric']} {best.value:.4f} on validation.\n"
    )
    write_text(out / "best.yaml", head + yaml.safe_dump(experiment, sort_keys=False))
    print(json.dumps({"best": str(out / "best.yaml"), sweep["metric"]: best.value, "settings": best.params}, indent=1))
    return 0


def _merged(one: Any, other: Any) -> Any:
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return {name: _merged(one.get(name), other[name]) if name in other else one[name] for name in {**one, **other}}
