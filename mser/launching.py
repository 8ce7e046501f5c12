"""Where work is done: on this machine, as the jobs of a SLURM array, or on a Ray cluster. Imports neither engine."""

from __future__ import annotations

import argparse
import logging
import os
import re
from typing import Any

import yaml

from mser.errors import UserError, brief, one_of

LAUNCHERS = ("local", "slurm", "ray")
RAY_OPTIONS = {"address": str, "cpus": float, "gpus": float, "memory_gb": float}
"""What `--ray` takes, and of which type: the cluster, and what each fold or each copy of the model gets of it."""


def threads_each(processes: int) -> str:
    """Return ``OMP_NUM_THREADS`` of each of several processes that work side by side on this machine's cores.

    Args:
        processes: how many; where the variable is set already it stays, for whoever set it meant each.
    """
    # A job is often given fewer cores than its machine has; macOS cannot tell.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return os.environ.get("OMP_NUM_THREADS", str(max(cores // processes, 1)))


def pairs(text: str) -> dict[str, Any]:
    """Return the options written as ``KEY=VALUE,KEY=VALUE``; numbers and truth values are read as such.

    Example:
        >>> pairs("partition=gpu,time=240,exclude=node1,node2")
        {'partition': 'gpu', 'time': 240, 'exclude': 'node1,node2'}
    """
    options = {}
    for pair in re.split(r",(?=\s*\w+=)", text):
        key, equals, value = pair.partition("=")
        if not equals or not value.strip():
            raise argparse.ArgumentTypeError(f"{pair!r} is not of the form KEY=VALUE, such as partition=gpu,time=240")
        options[key.strip()] = int(value) if value.strip().isdigit() else _read(value)
    return options


def _read(value: str) -> Any:
    # Times such as 4:00:00 are numbers to the base of 60 in YAML: they stay as they are.
    return value.strip() if ":" in value else yaml.safe_load(value)


def ray_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `--ray`, each of its type.

    Raises:
        UserError: for one that does not exist, or a value that is no number.
    """
    for name, value in options.items():
        if name not in RAY_OPTIONS:
            raise one_of("option of --ray", name, list(RAY_OPTIONS))
        if RAY_OPTIONS[name] is float and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise UserError(f"--ray {name}={value} is no number; give one, such as {name}=1")
    return options


def connect(arguments: dict[str, Any]) -> dict[str, Any]:
    """Join the Ray cluster, or start one on this machine, and return what ``ray.remote`` is to ask for.

    Args:
        arguments: of `RAY_OPTIONS`; without an address the cluster is the one of ``RAY_ADDRESS``, one that runs here,
            or is started for this process alone.

    Raises:
        UserError: if Ray is not installed, there is no such cluster, or it will never have what is asked for.
    """
    options = ray_options(arguments)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise UserError(
            "--launcher ray needs Ray, which is not installed; run pip install 'multimodal-ser[ray]'"
        ) from None
    if not ray.is_initialized():
        try:
            ray.init(
                address=options.get("address"),
                logging_level=logging.ERROR,
                log_to_driver=False,
                include_dashboard=False,
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UserError(
                f"no Ray cluster at {options.get('address')}: {brief(error)}; start one by `ray start`"
            ) from error
    wanted = {"CPU": options.get("cpus", 1), "GPU": options.get("gpus", 0)}
    there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    for name, number in wanted.items():
        if number > there.get(name, 0):
            raise UserError(
                f"--ray asks for {number:g} {name}s at a time, but the cluster has {there.get(name, 0):g}; ask for "
                f"less by --ray {name.lower()}s=..., or add machines by `ray start`"
            )
    memory = {"memory": int(options["memory_gb"] * 1e9)} if "memory_gb" in options else {}
    return {"num_cpus": wanted["CPU"], "num_gpus": wanted["GPU"], **memory}
