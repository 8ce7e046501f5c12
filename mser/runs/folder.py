"""What lies where in a run's folder: the one place that spells it. Knows no torch.

::

    RUN/config.yaml, protocol.json, manifest.jsonl    what is asked, settled before any training
    RUN/run.json, tested.jsonl                        how it was started; each time that a test part was opened
    RUN/seed<S>/fold<K>/                              predictions.csv, history.csv, log.txt, metrics.json (written last)
    RUN/seed<S>/fold<K>/checkpoints/                  best.ckpt, and last.ckpt while there is something to resume
    RUN/robustness/<part>/<condition>/seed<S>/fold<K>/    predictions.csv, facts.json (written last)
    RUN/beside_speakers/                              a run of its own, in folds of unheard speakers
    RUN/report/                                       report.json and the page
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mser.errors import UserError, one_line

CONFIG = "config.yaml"
PROTOCOL = "protocol.json"
MANIFEST = "manifest.jsonl"
PROVENANCE = "run.json"
TESTED = "tested.jsonl"
REPORT = "report/report.json"

PREDICTIONS = "predictions.csv"
METRICS = "metrics.json"
HISTORY = "history.csv"
LOG = "log.txt"
CHECKPOINTS = "checkpoints"
BEST = f"{CHECKPOINTS}/best.ckpt"
LAST = f"{CHECKPOINTS}/last.ckpt"

BESIDE_SPEAKERS = "beside_speakers"
ROBUSTNESS = "robustness"
CONDITION = "facts.json"
"""Beside a condition's predictions: which it is, and of which model."""


def fold_name(seed: int, fold: int) -> str:
    """Return where a fold lies in its run, which is also what people call it.

    Example:
        >>> fold_name(1, 2)
        'seed1/fold2'
    """
    return f"seed{seed}/fold{fold}"


def fold_key(folder: Path) -> tuple[int, int] | None:
    """Return seed and fold of a folder ``RUN/seed<S>/fold<K>``; None for any other.

    Example:
        >>> fold_key(Path("runs/joint/seed1/fold12")), fold_key(Path("runs/joint/seed1/folds"))
        ((1, 12), None)
    """
    return _key(folder.resolve())


def fold_folders(run: Path) -> dict[tuple[int, int], Path]:
    """Return the folders of a run's folds by seed and fold, in that order, finished or not."""
    keyed = {key: path for path in run.glob("seed*/fold*") if (key := _key(path))}  # also where it is a link
    return dict(sorted(keyed.items()))


def _key(path: Path) -> tuple[int, int] | None:
    match = re.fullmatch(r"seed(\d{1,9})/fold(\d{1,9})", "/".join(path.parts[-2:]))
    return (int(match[1]), int(match[2])) if match else None


def run_of(fold: Path) -> Path:
    """Return the run's folder that the folder of a fold is in."""
    return fold.resolve().parents[1]


def condition_folder(run: Path, part: str, condition: str, seed: int, fold: int) -> Path:
    """Return where ``mser robustness`` keeps what a fold's model answers under a condition."""
    return run / ROBUSTNESS / part / condition / fold_name(seed, fold)


def fold_options(run: Path, seed: int, fold: int) -> list[str]:
    """Return the options of ``mser fit`` with which a fold of a run is opened, by whoever opens it."""
    return [
        f"--config={config_of(run / fold_name(seed, fold))}",
        f"--data.init_args.fold={fold}",
        # The plan's manifest: what was checked is what is trained on, and no fold reads the corpus again.
        f"--data.init_args.root={run / MANIFEST}",
        f"--seed_everything={seed}",
        "--trainer.enable_progress_bar=false",
    ]


def config_of(fold: Path) -> Path:
    """Return where the options of ``RUN/seed<S>/fold<K>`` lie: with the run, or with the fold where each has its own.

    The folds of `mser sweep --test` come from several trials; the run's ``config.yaml`` then names a ``procedure``.

    Raises:
        UserError: if the run's cannot be read.
    """
    shared = fold.parents[1] / CONFIG
    try:
        each = any(line.startswith("procedure:") for line in shared.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {shared}: {one_line(error)}; restore the file") from error
    return fold / CONFIG if each else shared


def model_digest(fold: Path) -> str:
    """Return what tells a fold's model from that of a later try: the digest of its ``metrics.json``.

    Raises:
        UserError: if the fold is not finished.
    """
    try:
        return hashlib.sha256((fold / METRICS).read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise UserError(f"{fold} is not finished; run the same `mser crossval` again to resume it") from error
