"""What a reader needs to run it again: command, commit, versions, hardware."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import mser

PACKAGES = ("mser", "torch", "lightning", "transformers", "torchaudio", "torchmetrics", "soundfile", "numpy")


def provenance(
    run: Path, argv: list[str], folds: list[int], seeds: list[int], skip_test: bool, command: str = "crossval"
) -> dict[str, Any]:
    """Return the contents of ``run.json``, for what `mser crossval` or another `command` has made."""
    return {
        "name": run.name,
        "command": shlex.join(["mser", command, *argv]),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "folds": folds,
        "seeds": seeds,
        "skip_test": skip_test,
        "commit": _commit(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "hardware": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
            "gpus": _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").splitlines(),
        },
    }


def _commit() -> str | None:
    """Return the commit of the code that runs, marked where it was changed since; None for an installed package."""
    folder = str(Path(mser.__file__).parent)
    return _output("git", "-C", folder, "describe", "--always", "--dirty", "--abbrev=40") or None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
