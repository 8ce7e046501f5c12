"""A table of a million rows: a kilobyte of memory a row or less, no file opened once for each of its parts."""

import csv
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import soundfile

from mser.audio import checks
from mser.corpora.table.reader import read_table

RATE = 8000


def long_table(folder, number, each):
    """Write a table of so many turns of 50 ms, of files that hold `each` of them."""
    noise = np.random.default_rng(0).normal(0, 0.1, RATE * each // 20).astype(np.float32)
    for file in range(-(-number // each)):
        soundfile.write(folder / f"{file}.wav", np.roll(noise, 7777 * file), RATE)
    with (folder / "t.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["audio", "start", "end", "transcript", "label", "speaker"])
        for row in range(number):
            which, turn = divmod(row, each)
            span = f"{turn * 0.05:.2f}", f"{turn * 0.05 + 0.05:.2f}"
            out.writerow([f"{which}.wav", *span, f"what was said in turn {row}", "ab"[row % 2], f"s{which}"])
    return folder / "t.csv"


def test_a_row_takes_a_kilobyte_and_a_file_is_opened_once(tmp_path, monkeypatch):
    path = long_table(tmp_path, 5000, 1000)
    opened, times = checks.opened, []
    monkeypatch.setattr(checks, "opened", lambda file, **how: times.append(file) or opened(file, **how))
    tracemalloc.start()
    manifest = read_table(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(manifest), len(times)) == (5000, 5)
    assert [one.duration for one in manifest] == pytest.approx([0.05] * 5000)
    assert most < 5000 * 1000 + 2_000_000


def test_a_clip_after_one_that_cannot_be_used_is_read(tmp_path):
    path = long_table(tmp_path, 6, 3)
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace("0.05,0.10", "0.05,9.10")
    lines[4] = lines[4].replace("1.wav", "none.wav")
    lines.append("1.wav,5,6,late,a,s1")
    path.write_text("\n".join(lines))
    manifest = read_table(path)
    assert [problem.message.partition(":")[0] for problem in manifest.problems] == ["row 3", "row 5", "row 8"]
    assert [one.transcript[-1] for one in manifest] == ["0", "2", "4", "5"]


@pytest.mark.exhaustive
def test_a_million_rows(tmp_path):
    path = long_table(tmp_path, 1_000_000, 10_000)
    code = "import resource, sys; from mser.cli import main; said = main(sys.argv[1:]); "
    code += "used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_maxrss, used.ru_utime); sys.exit(said)"
    asked = [sys.executable, "-c", code, "data", "check", "table", str(path)]
    done = subprocess.run(
        asked, env=os.environ | {"MSER_CACHE": str(tmp_path / "cache")}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "1000000 utterances" in done.stdout
    memory, seconds = map(float, done.stdout.splitlines()[-1].split())
    assert memory < 1.2e6  # KiB
    assert seconds < 240
