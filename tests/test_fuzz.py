"""No damaged file ends in a traceback: seeded damages to corpora, manifests, model folders, runs and experiment files.

``MSER_FUZZ`` says how many (``make fuzz``: 50,000); the same number of the same kind is the same damage.
"""

import json
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake.corpora.acted import make_ravdess
from fake.corpora.iemocap import make_iemocap
from fake.corpora.meld import make_meld
from fake.corpora.msp_podcast import make_msp_podcast, write_json
from fake.corpora.opinions import MOSI, make_label_csv, make_mosei, make_mosi
from fake.corpora.table import make_table, rows
from fake.damage import damage, restore
from fake.places import EXPERIMENTS
from fake.runs import make_run
from fake.trained import untrained

from mser.cli import main
from mser.errors import UserError
from mser.use.settings import read_settings

NUMBER = int(os.environ.get("MSER_FUZZ", "1000"))


def check(corpus: str, *, file: str = "") -> Callable[[Path], int]:
    return lambda root: main(["data", "check", corpus, str(root / file), "--json"])


def _folds(root: Path) -> int:
    return main(["data", "folds", "iemocap", str(root / "m.jsonl"), "--json"])


def _settings(root: Path) -> int:
    read_settings(root / "model")
    return 0


def _load(root: Path) -> int:
    return main(["predict", str(root / "model"), "--text", "hello"])


def _report(root: Path) -> int:
    return main(["report", str(root / "run"), "--json"])


def _fit(root: Path) -> int:
    config, here = str(root / "e.yaml"), str(root)
    return main(
        ["fit", "--config", config, "--data.init_args.root", here + "/none", "--trainer.default_root_dir", here]
    )


def _manifest(root: Path) -> None:
    make_iemocap(root / "tree", turns=2)
    assert main(["data", "manifest", "iemocap", str(root / "tree"), str(root / "m.jsonl")]) == 0


def _msp_json(root: Path) -> None:
    write_json(root, make_msp_podcast(root, each=2))


@dataclass
class Subject:
    share: int
    make: Callable[[Path], object]
    ask: Callable[[Path], int]
    files: str = "**/*"


def _table(suffix: str, share: int) -> Subject:
    name = f"t.{suffix}"
    return Subject(share, lambda root: make_table(root / name, rows(2, 1)), check("table", file=name), name)


def _ravdess(root: Path) -> None:
    make_ravdess(root, keep=lambda name: name.endswith("-01-01-01"))


def _experiment(root: Path) -> None:
    (root / "e.yaml").write_bytes((EXPERIMENTS / "demo/speech_only.yaml").read_bytes())


KINDS = {
    "iemocap": Subject(12, lambda root: make_iemocap(root, turns=1), check("iemocap")),
    "meld": Subject(8, lambda root: make_meld(root, dialogues=1, turns=2), check("meld")),
    "msp": Subject(6, lambda root: make_msp_podcast(root, each=2), check("msp_podcast")),
    "msp-json": Subject(5, _msp_json, check("msp_podcast"), "Labels/*"),
    "mosi": Subject(6, lambda root: make_mosi(root, size=1), check("mosi")),
    "mosi-csd": Subject(6, lambda root: make_mosi(root, size=1), check("mosi"), "*.csd"),
    "mosei": Subject(5, lambda root: make_mosei(root, size=1), check("mosei")),
    "mosei-csd": Subject(4, lambda root: make_mosei(root, size=1), check("mosei"), "*.csd"),
    "label-csv": Subject(5, lambda root: make_label_csv(root, MOSI, size=1), check("mosi"), "label.csv"),
    "ravdess": Subject(5, _ravdess, check("ravdess")),
    "table": _table("csv", 8),
    "table-jsonl": _table("jsonl", 4),
    "table-parquet": _table("parquet", 3),
    "manifest": Subject(10, _manifest, _folds, "m.jsonl"),
    "settings": Subject(8, lambda root: untrained(root / "model"), _settings, "model/config.json"),
    "model": Subject(3, lambda root: untrained(root / "model", sides=("text",)), _load),
    "run": Subject(3, lambda root: make_run(root / "run", folds=3, turns=2, epochs=2), _report),
    "experiment": Subject(1, _experiment, _fit),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_ends_in_a_traceback(kind, tmp_path, capsys):
    subject = KINDS[kind]
    subject.make(tmp_path)
    files = sorted(path for path in tmp_path.glob(subject.files) if path.is_file())
    whole = sum(one.share for one in KINDS.values())
    faults = []
    for number in range(max(NUMBER * subject.share // whole, 1)):
        chance = random.Random(f"{kind} {number}")
        path = chance.choice(files)
        before = path.read_bytes()
        how = f"{kind} {number}: {path.relative_to(tmp_path)}, {damage(path, chance)}"
        fault = _fault(subject.ask, tmp_path, capsys)
        restore(path, before)
        faults += [f"{how}: {fault}"] if fault else []
    assert not faults, "\n".join([f"{len(faults)} damages were not told in one line", *faults[:20]])


def _fault(ask: Callable[[Path], int], root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what is wrong with how a damage was told."""
    try:
        code = ask(root)
    except UserError as error:
        code = 2
        print(f"mser: error: {error}", file=sys.stderr)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line.startswith("mser: error: ")]
    if code not in (0, 1, 2) or len(lines) != (code == 2):
        return f"exit code {code} and {said.err[:300]!r}"
    long = any(len(line) > 2_000 for line in lines) or not _readable(said.out)
    return f"{max(map(len, lines), default=0)} and {len(said.out)} letters" * long


def _readable(out: str) -> bool:
    """Return whether nothing that is printed floods a reader; a listing for programs has every problem, each short."""
    try:
        return all(len(problem["message"]) <= 2_000 for problem in json.loads(out)["problems"])
    except (ValueError, KeyError, TypeError):
        return len(out) <= 300_000
