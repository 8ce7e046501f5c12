"""What a search has come to: the winner as an experiment file, all trials in their order, and room on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from mser.files.whole import write_text
from mser.runs.search_record import KEY, Searched
from mser.runs.trials import Trial, own_best, ranked
from mser.sweep.file import Sweep

BEST = "best.yaml"
CHECKPOINT = "checkpoints/best.ckpt"


def searched(sweep: Sweep, trials: Sequence[Trial]) -> Searched:
    """Return what every run made from this search carries along."""
    plan = trials[0].plan
    return Searched(
        by=sweep.name,
        method=sweep.method,
        trials=len(trials),
        metric=sweep.metric,
        corpus=plan.corpus,
        protocol=plan.protocol,
        digest=plan.digest,
        folds=tuple(trials[0].folds),
    )


def write_best(out: Path, sweep: Sweep, trials: Sequence[Trial], score: str) -> Trial:
    """Write ``best.yaml``, every option of the best trial, and return that trial.

    Args:
        out: the sweep's folder.
        sweep: what was searched.
        trials: whole ones.
        score: the validation score that decides.
    """
    best = ranked(trials, score, sweep.better)[0]
    seeds = sorted({seed for seed, _ in best.planned})
    again = f" --seeds {','.join(map(str, seeds))}" if seeds != [1] else ""
    head = (
        f"# Best of {len(trials)} trials of {sweep.name}: {sweep.metric} {best.mean(score):.4f}, in {best.name}. "
        "Every option is here, searched or not.\n"
        f"#   mser crossval --config {out / BEST} --out RUN{again}\n"
        "# The folds validate on what other folds test, unless the split is an official one: then its score is "
        "optimistic, and the\n# report says so. `mser sweep --test` gives each fold its own choice instead.\n"
    )
    config: dict[str, Any] = {
        KEY: searched(sweep, trials).facts(),
        **{k: v for k, v in best.config.items() if k != KEY},
    }
    write_text(out / BEST, head + yaml.safe_dump(config, sort_keys=False))
    return best


def drop_losers(trials: Sequence[Trial], score: str, better: int) -> None:
    """Delete the weights of all trials but the best of each fold, which `mser sweep --test` tests."""
    best = own_best(trials, score, better)
    for trial in trials:
        for seed, fold in trial.planned:
            if best[fold] is not trial:
                with suppress(OSError):
                    (trial.folder / f"seed{seed}/fold{fold}" / CHECKPOINT).unlink()
