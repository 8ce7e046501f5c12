"""Weights & Biases: a group per cross-validation, a run per fold and seed, and one that closes it.

Where it goes is said by wandb's own variables: ``WANDB_PROJECT`` (mser by default), ``WANDB_ENTITY``, ``WANDB_MODE``.
"""

from __future__ import annotations

import csv
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mser.errors import UserError
from mser.files.whole import write_text
from mser.runs.folder import BEST, CONFIG, PREDICTIONS, fold_folders, run_of

if TYPE_CHECKING:
    from lightning.pytorch.loggers import WandbLogger

    from mser.report.contents import Report

LOGGERS = ("wandb",)
_ID = "wandb_id"
# What `wandb agent` tells a trial of itself. A fold that inherited it would overwrite the trial and the other folds.
_OF_TRIAL = ("WANDB_RUN_ID", "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH", "WANDB_SERVICE")


def require_wandb() -> None:
    """Accept an environment in which wandb is installed.

    Raises:
        UserError: otherwise.
    """
    if find_spec("wandb") is None:
        raise UserError("--logger wandb needs wandb, which is not installed; run pip install 'multimodal-ser[wandb]'")


def in_sweep() -> bool:
    """Return whether `wandb agent` has started this process as a trial, whose score it waits for."""
    return "WANDB_SWEEP_ID" in os.environ


def environment(run: Path) -> dict[str, str]:
    """Return the environment of a run's folds: without what belongs to a trial, with their common group."""
    variables = {name: value for name, value in os.environ.items() if name not in _OF_TRIAL}
    return {"WANDB_PROJECT": "mser", **variables, "WANDB_RUN_GROUP": _group(run)}


def fold_logger(folder: Path, config: Mapping[str, Any]) -> WandbLogger:
    """Return what logs one fold with one seed; resumed, it goes on in the same run of wandb's.

    Args:
        folder: ``RUN/seed<S>/fold<K>``.
        config: what the fold was started with.
    """
    from lightning.pytorch.loggers import WandbLogger

    return WandbLogger(
        name=f"{folder.parent.name}/{folder.name}",
        id=_own_id(folder),
        save_dir=folder,
        job_type="fold",
        resume="allow",
        project=os.environ.get("WANDB_PROJECT", "mser"),
        config=dict(config),
    )


def close(run: Path, validation: Mapping[str, float], report: Report | None) -> None:
    """Log the whole cross-validation as a run of its own; in a sweep this is the trial.

    Args:
        run: the run's folder.
        validation: ``crossval/val_<score>_mean``, what a sweep chooses by.
        report: the run's, which is logged if it is complete; None where the test parts stay locked.
    """
    import wandb

    own: dict[str, Any] = {"id": _own_id(run), "name": run.resolve().name, "resume": "allow"}
    with wandb.init(
        project=os.environ.get("WANDB_PROJECT", "mser"),
        group=_group(run),
        job_type="crossval",
        dir=run,
        config=yaml.safe_load((run / CONFIG).read_text()),
        **({} if in_sweep() else own),
    ) as closing:
        tested = _tested(run, report) if report else {}
        closing.log({**validation, **tested})
        if tested:  # a trial of a sweep is one of many: its weights stay where they are
            closing.log_artifact(_models(f"{run.resolve().name}-models", list(fold_folders(run).values()), run))


def log_best(logger: WandbLogger, folder: Path) -> None:
    """Log a tested fold's best checkpoint as an artifact of its run of wandb's.

    Args:
        logger: `fold_logger`'s.
        folder: ``RUN/seed<S>/fold<K>``.
    """
    run = run_of(folder)
    name = f"{run.resolve().name}-{folder.parent.name}-{folder.name}"
    logger.experiment.log_artifact(_models(name, [folder], run))


def _models(name: str, folders: Sequence[Path], run: Path) -> Any:
    """Return an artifact of the best checkpoints by their place in the run, taken from where they lie."""
    import wandb

    # Of a run's name wandb takes only letters, digits, dots, dashes and underscores.
    artifact = wandb.Artifact(re.sub(r"[^\w.-]", "_", name, flags=re.ASCII), type="model")
    for folder in folders:
        if (best := folder / BEST).is_file():
            # Immutable: else wandb would first copy gigabytes into a cache of its own.
            artifact.add_file(str(best), name=str(best.relative_to(run)), policy="immutable", skip_cache=True)
    return artifact


def _group(run: Path) -> str:
    return os.environ.get("WANDB_RUN_ID") or run.resolve().name


def _own_id(folder: Path) -> str:
    path = folder / _ID
    if not path.is_file():
        write_text(path, secrets.token_hex(4))
    return path.read_text()


def _tested(run: Path, report: Report) -> dict[str, Any]:
    """Return scores with their intervals, every table of the report, and all predictions; nothing of a partial run."""
    from mser.report.tables import tables

    [summary] = report.runs
    if not summary.complete or summary.part != "test":
        return {}
    metrics: dict[str, Any] = {}
    for name in summary.listed:
        figure = summary.overall[name]
        ends = zip(("low", "high"), figure.interval or (), strict=False)
        metrics |= {f"crossval/test_{name}_mean": figure.mean}
        metrics |= {f"crossval/test_{name}_{side}": end for side, end in ends}
    metrics |= {f"report/{name}": _table(rows) for name, rows in tables([summary]).items()}
    return metrics | {"predictions": _table(_predictions(run))}


def _predictions(run: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for folder in fold_folders(run).values():
        with (folder / PREDICTIONS).open(newline="", encoding="utf-8") as file:
            rows += csv.DictReader(file)
    return rows


def _table(rows: list[dict[str, Any]]) -> Any:
    import wandb

    # A null score, such as the recall of a class that is not there, may stand anywhere.
    return wandb.Table(columns=list(rows[0]), data=[list(row.values()) for row in rows], allow_mixed_types=True)
