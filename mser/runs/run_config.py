"""The options that a run was started with, as its ``config.yaml`` has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mser.errors import UserError, one_line
from mser.runs.folder import CONFIG


def read_config(folder: Path, advice: str = "restore the file") -> dict[str, Any]:
    """Return the options that a folder's ``config.yaml`` holds.

    Args:
        folder: a run's, a trial's or a fold's.
        advice: what to do if the file is damaged.

    Raises:
        UserError: if it cannot be read or holds no options.
    """
    import yaml

    path = folder / CONFIG
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"cannot read {path}: {one_line(error)[:200]}; {advice}") from error
    if not isinstance(config, dict):
        raise UserError(f"{path} holds no options; {advice}")
    return config


def objective_of(config: dict[str, Any], folder: Path) -> str:
    """Return the class name of the objective.

    Raises:
        UserError: if the options name none.
    """
    try:
        return str(config["model"]["objective"]["class_path"]).rpartition(".")[2]
    except (KeyError, TypeError) as error:
        raise UserError(f"{folder / CONFIG} has no model.objective.class_path; restore the file") from error
