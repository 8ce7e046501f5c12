"""Breaks one line after the other of what scores hang on, and names the breaks that no test notices.

``python tests/mutation.py [MODULE...] [--most N]`` or ``make mutation``; needs cosmic-ray, and works on a copy.
Of the survivors some are equivalent: whoever reads the list says which.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
TESTS = {
    "mser/scoring/metrics.py": "tests/scoring/test_metrics.py",
    "mser/scoring/regression.py": "tests/scoring/test_metrics.py",
    "mser/scoring/sentiment.py": "tests/scoring/test_sentiment.py",
    "mser/scoring/statistics.py": "tests/scoring/test_statistics.py",
    "mser/scoring/clusters.py": "tests/scoring/test_statistics.py",
    "mser/scoring/temperature.py": "tests/report/test_report_answers.py tests/scoring/test_statistics.py",
    "mser/splits/audit.py": "tests/splits/test_audit.py",
    "mser/splits/grouped.py": "tests/splits/test_grouped.py",
    "mser/splits/protocols.py": "tests/splits/test_protocols.py",
    "mser/data/batches.py": "tests/data/test_batches.py",
    "mser/data/gathered.py": "tests/data/test_gathered.py",
    "mser/fitting/resuming.py": "tests/fitting/test_resuming.py",
}
"""What is broken, and by which tests it should be noticed, beside its own examples."""
CONFIG = """
[cosmic-ray]
module-path = {module!r}
timeout = 120.0
excluded-modules = []
test-command = {command!r}
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*", "core/NumberReplacer"]
"""
# `|` stands in annotations, which nothing evaluates; numbers are mostly tolerances and limits of loops.


def broken(tree: Path, module: str, most: int) -> tuple[int, list[str]]:
    """Return how many breaks of a module of the copied tree were tried, and the differences that no test noticed."""
    config, session = tree / "mutation.toml", tree / "mutation.sqlite"
    session.unlink(missing_ok=True)
    command = f"{sys.executable} -m pytest -x -q -m 'not slow' -p no:cacheprovider --doctest-modules {module} "
    config.write_text(CONFIG.format(module=module, command=command + TESTS[module]))
    for step in (["cosmic-ray", "init", config, session], ["cr-filter-operators", session, config]):
        subprocess.run(step, cwd=tree, check=True, stdout=subprocess.DEVNULL)
    _leave_out(session, most)
    subprocess.run(["cosmic-ray", "exec", config, session], cwd=tree, check=True)
    dump = subprocess.run(["cosmic-ray", "dump", session], cwd=tree, check=True, capture_output=True, text=True).stdout
    pairs = [json.loads(line) for line in dump.splitlines()]
    results = [result for _, result in pairs if result and result["worker_outcome"] != "skipped"]
    return len(results), [result["diff"] for result in results if result["test_outcome"] == "survived"]


def _leave_out(session: Path, most: int) -> None:
    """Leave as many breaks in the session as are to be tried, drawn by a fixed seed."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    with use_db(str(session), WorkDB.Mode.open) as items:
        waiting = sorted((item.job_id for item in items.pending_work_items), key=str)
        places = {item.job_id: str(item.mutations) for item in items.pending_work_items}
        waiting.sort(key=lambda job: places[job])  # ids are drawn anew each time
        for job in random.Random(0).sample(waiting, max(len(waiting) - most, 0)):
            items.set_result(job, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))


def main() -> int:
    """Print what survived, and how much of all; return 1 if that is more than one in twenty."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(TESTS))
    parser.add_argument("--most", type=int, default=10**6, metavar="N", help="breaks of each module (default: all)")
    args = parser.parse_args()
    tried, survivors = 0, 0
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        for name in subprocess.run(
            ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.split():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
        os.environ.update(PYTHONPATH=str(tree), OMP_NUM_THREADS="1")
        for module in args.modules or TESTS:
            number, unnoticed = broken(tree, module, args.most)
            print(f"{module}: {number} breaks, {len(unnoticed)} survived", *unnoticed, sep="\n", flush=True)
            tried, survivors = tried + number, survivors + len(unnoticed)
    print(f"{survivors} of {tried} breaks survived ({survivors / max(tried, 1):.1%})")
    return int(survivors > tried / 20)


if __name__ == "__main__":
    raise SystemExit(main())
