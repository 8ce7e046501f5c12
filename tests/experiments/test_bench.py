"""The benchmark runs, and says something of everything that it is to measure."""

import json
import os
import subprocess
import sys

import pytest
from fake.places import ROOT

MEASURED = (
    "start-up", "padded/actual", "largest batch", "loading 16-bit", "loading and resampling", "hearing a recording",
    "one utterance",
    "6 recordings", "frozen encoders", "peak memory", "training: mser over Trainer's default",
    "training: mser over Trainer's best",
)  # fmt: skip


@pytest.mark.exhaustive
def test_a_quick_run_has_every_row(tmp_path):
    environment = {**os.environ, "QUICK": "1", "BENCH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(ROOT / "experiments/bench/bench.py")],
        capture_output=True, text=True, env=environment, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "quick/results.json").read_text())
    for what in MEASURED:
        assert any(row["what"].startswith(what) for row in found["rows"]), what
        assert what in done.stdout
    by_name = {row["what"]: row for row in found["rows"]}
    assert by_name["padded/actual seconds: mser"]["verdict"] == "met"
    assert by_name["largest batch: mser"]["verdict"] == "met"
