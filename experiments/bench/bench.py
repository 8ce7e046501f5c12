"""All measurements, one table, and ``results.json`` beside the material: ``make bench``, or ``QUICK=1 make bench``."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import batching
import folder
import frozen
import latency
import loading
import memory
import startup
import training
from interleave import compare
from material import FOLDER, QUICK
from table import show

MEASUREMENTS = (startup, batching, loading, latency, folder, frozen, memory, training)


def main() -> None:
    """Measure everything, print the table and write it down."""
    found = {one.__name__: compare(Path(one.__file__), one.VARIANTS, one.ROUNDS) for one in MEASUREMENTS}
    rows = [row for one in MEASUREMENTS for row in one.rows(found[one.__name__])]
    print(f"{_machine()['processor']}, {os.cpu_count()} cores" + (", QUICK: the figures say nothing" if QUICK else ""))
    show(rows)
    told = [{**asdict(row), "goal": row.goal, "verdict": row.verdict} for row in rows]
    path = FOLDER / "results.json"
    path.write_text(json.dumps({**_machine(), "rows": told, "rounds": found}, indent=1) + "\n")
    print(f"\nWritten to {path}")


def _machine() -> dict[str, Any]:
    """Return where and of what this was measured."""
    said = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    flags = next((line for line in said if line.startswith("flags")), "")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    return {
        "processor": next(
            (line.partition(":")[2].strip() for line in said if line.startswith("model name")), platform.processor()
        ),
        "cores": os.cpu_count(),
        "bfloat16": [flag for flag in ("avx512_bf16", "amx_bf16") if flag in flags],
        "load_before": os.getloadavg()[0],
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": commit.stdout.strip(),
        **{name: version(name) for name in ("torch", "transformers", "lightning")},
    }


if __name__ == "__main__":
    main()
