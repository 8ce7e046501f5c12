"""Breaks one line after the other of what scores hang on, and names the breaks that no test notices.

``python tests/mutation.py [MODULE...] [--most N]`` or ``make mutation``; needs cosmic-ray, and works on a copy.
Of the survivors some are equivalent: whoever reads the list says which.

Libraries are loaded once: each break is tried in a fork of this process, which has imported nothing of mser.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import os
import random
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
STATISTICS = "tests/scoring/test_statistics.py"
ANSWERS = "tests/report/test_report_answers.py"
TESTS: dict[str, tuple[str, ...]] = {
    "mser/scoring/metrics.py": ("tests/scoring/test_metrics.py -k 'not agrees'", "tests/scoring/test_metrics.py"),
    "mser/scoring/regression.py": ("tests/scoring/test_metrics.py -k score", STATISTICS),
    "mser/scoring/sentiment.py": ("tests/scoring/test_sentiment.py",),
    "mser/scoring/statistics.py": (f"{STATISTICS} -k 'student or mcnemar or holm or weights or stay or flipped'",),
    "mser/scoring/luck.py": ("tests/scoring/test_luck.py", "tests/scoring/test_verdicts.py"),
    "mser/scoring/clusters.py": (
        "tests/scoring/test_clusters.py",
        f"{STATISTICS} -k 'per_fold or lone or several or unknown'",
        f"{STATISTICS} -k 'not five_seconds'",
    ),
    "mser/scoring/temperature.py": (f"{ANSWERS} -k temperature",),
    "mser/splits/audit.py": ("tests/splits/test_audit.py -k 'not protocol'", "tests/splits/test_audit.py"),
    "mser/splits/grouped.py": ("tests/splits/test_grouped.py",),
    "mser/splits/protocols.py": ("tests/splits/test_protocols.py",),
    "mser/data/batches.py": ("tests/data/test_batches.py",),
    "mser/data/gathered.py": ("tests/data/test_gathered.py",),
    "mser/callbacks/checkpoints.py": ("tests/callbacks/test_checkpoints.py",),
    "mser/callbacks/random_state.py": ("tests/callbacks/test_random_state.py",),
    "mser/fitting/resuming.py": ("tests/fitting/test_own_checkpoints.py", "tests/fitting/test_resuming.py"),
    "mser/report/confidence/calibration.py": (f"{ANSWERS} -k 'calibration or validation'", ANSWERS),
    "mser/report/confidence/calibration_error.py": (f"{ANSWERS} -k 'certain or perfect'", ANSWERS),
    "mser/report/confidence/abstaining.py": (f"{ANSWERS} -k 'abstaining or order or several_hold or none_of_it'",),
    "mser/report/pairwise/verdicts.py": (
        "tests/report/test_verdict_sentences.py",
        "tests/report/test_report_verdicts.py",
    ),
}
"""What is broken, and by which tests it should be noticed, beside its own examples: the later ones where it was not."""
LIBRARIES = ("pytest", "hypothesis", "numpy", "scipy.stats", "sklearn.metrics", "sklearn.linear_model", "torch",
             "lightning.pytorch", "matplotlib.pyplot", "jinja2", "soundfile", "msgspec", "rich.table")  # fmt: skip
LEFT_OUT = ("core/ReplaceBinaryOperator_BitOr_", "core/NumberReplacer")
"""`|` stands in annotations, which nothing evaluates; numbers are mostly tolerances and limits of loops."""
LONGEST = 180  # seconds of processor time of one run of tests: a break may make a loop endless, or wait for ever


def breaks(sound: str, most: int) -> list[str]:
    """Return a module with each of so many breaks that cosmic-ray knows, drawn by a fixed seed."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    kinds = {name: get_operator(name) for name in sorted(operator_names()) if not name.startswith(LEFT_OUT)}
    kinds = {name: kind for name, kind in kinds.items() if not kind.arguments()}
    nodes = list(ast_nodes(get_ast(sound)))
    places = []
    for name, kind in kinds.items():
        places += [(name, place) for place in range(sum(len(list(kind().mutation_positions(node))) for node in nodes))]
    random.Random(0).shuffle(places)
    different: dict[str, None] = {}
    for name, place in places:
        with suppress(AttributeError):  # cosmic-ray cannot replace exceptions with a dot in their names
            different[mutate_code(sound, kinds[name](), place)] = None
        different.pop(sound, None)
        if len(different) == most:
            break
    return list(different)


def passes(tests: str, module: str) -> bool:
    """Return whether the module's examples and these tests pass, run in a fork that is ended if it takes too long."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        import pytest

        options = ["-x", "-q", "-m", "not slow and not exhaustive", "-p", "no:cacheprovider", "--doctest-modules"]
        failed = 1
        try:
            failed = int(pytest.main([*options, *([] if "-k" in tests else [module]), *shlex.split(tests)]))
        finally:
            os._exit(failed)
    end = time.monotonic() + 5 * LONGEST
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            ended = os.waitpid(child, 0)
            break
        time.sleep(0.02)
    return os.waitstatus_to_exitcode(ended[1]) == 0


def broken(module: str, most: int) -> tuple[int, list[str]]:
    """Return how many breaks of a module of the copied tree were tried, and the differences that no test noticed."""
    path = Path(module)
    sound = path.read_text(encoding="utf-8")
    sys.dont_write_bytecode = False
    for tests in TESTS[module]:
        if not passes(tests, module):
            raise SystemExit(f"{module}: {tests} fails though nothing is broken")
    # What is broken has the date and size of what was sound: it is compiled each time, all else never again.
    sys.dont_write_bytecode = True
    Path(importlib.util.cache_from_source(module)).unlink(missing_ok=True)
    unnoticed = []
    for source in (tried := breaks(sound, most)):
        path.write_text(source, encoding="utf-8")
        if all(passes(tests, module) for tests in TESTS[module]):
            lines = difflib.unified_diff(sound.splitlines(), source.splitlines(), module, "broken", "", "", 1, "")
            unnoticed.append("\n".join(lines))
            print(unnoticed[-1], flush=True)
    path.write_text(sound, encoding="utf-8")
    return len(tried), unnoticed


def main() -> int:
    """Print what survived, and how much of all; return 1 if that is more than one in twenty."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(TESTS))
    parser.add_argument("--most", type=int, default=10**6, metavar="N", help="breaks of each module (default: all)")
    args = parser.parse_args()
    tried, survived = 0, 0
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        for name in files:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
        os.environ.update(PYTHONPATH=str(tree), OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1")
        os.chdir(tree)
        sys.path[:1] = [str(tree)]
        for library in LIBRARIES:
            import_module(library)
        from hypothesis import Phase, settings

        settings.register_profile("broken", database=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
        settings.load_profile("broken")  # nobody reads the smallest example
        for module in args.modules or TESTS:
            number, unnoticed = broken(module, args.most)
            print(f"{module}: {number} breaks, {len(unnoticed)} survived", flush=True)
            tried, survived = tried + number, survived + len(unnoticed)
        os.chdir(ROOT)
    print(f"{survived} of {tried} breaks survived ({survived / max(tried, 1):.1%})")
    return int(survived > tried / 20)


if __name__ == "__main__":
    raise SystemExit(main())
