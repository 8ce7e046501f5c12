"""The sweep file, as `wandb sweep` reads it too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from mser.errors import UserError, one_of
from mser.files.whole import write_text
from mser.fitting.config_files import require_readable
from mser.runs.trials import FACTS
from mser.sweep.space import require_space

METHODS = ("grid", "random", "bayes")
_GOALS = {"maximize": 1, "minimize": -1}


@dataclass(frozen=True)
class Sweep:
    """What is searched, and how.

    Attributes:
        name: the file's, without its suffix.
        method: ``grid``, ``random`` or ``bayes``.
        metric: what decides, such as ``crossval/val_ua_mean``.
        goal: ``maximize`` or ``minimize``.
        parameters: from which values each option is drawn; see `mser.sweep.space`.
        options: those of `mser crossval` that all trials share.
    """

    name: str
    method: str
    metric: str
    goal: str
    parameters: Mapping[str, Any]
    options: tuple[str, ...]

    @property
    def better(self) -> int:
        """1 where more is better, -1 where less is."""
        return _GOALS[self.goal]

    def write(self, out: Path) -> None:
        """Keep it in the sweep's folder."""
        write_text(out / FACTS, json.dumps(asdict(self), indent=1))


def read_sweep(path: Path) -> Sweep:
    """Return what a sweep file asks for.

    Raises:
        UserError: if it is none, or asks for what this search does not know.
    """
    require_readable([f"--config={path}"])
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        command = content["command"]
        options = command[command.index("crossval") + 1 :]
        sweep = Sweep(
            name=path.stem,
            method=content.get("method", "bayes"),
            metric=content["metric"]["name"],
            goal=content["metric"]["goal"],
            parameters=dict(content["parameters"]),
            options=tuple(str(option) for option in options if option != "${args}"),
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{path} is no sweep file: {' '.join(str(error).split())} ({type(error).__name__})"
        raise UserError(f"{message}; see experiments/iemocap/sweep.yaml") from error
    if sweep.goal not in _GOALS:
        raise UserError(f"the goal of a sweep is {sweep.goal!r}, expected maximize or minimize")
    if sweep.method not in METHODS:
        raise one_of("method of a sweep", sweep.method, list(METHODS))
    for name, space in sweep.parameters.items():
        require_space(name, space, whole=sweep.method == "grid")
    return sweep


def saved_sweep(out: Path) -> Sweep | None:
    """Return what a sweep's folder says it has searched; None where nothing was kept, as by agents of wandb's.

    Raises:
        UserError: if the file is damaged.
    """
    path = out / FACTS
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Sweep(**content | {"options": tuple(content["options"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} is damaged ({error}); give the sweep file by --config") from error
