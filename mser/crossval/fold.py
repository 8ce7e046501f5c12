"""One fold with one seed: fit, choose on the validation part, test once, and say so last of all."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from lightning.pytorch import Trainer

from mser.crossval.tracking import fold_logger, log_best
from mser.errors import UserError
from mser.files.whole import write_text
from mser.fitting.resuming import read_checkpoint, require_own
from mser.recognizer import EmotionRecognizer
from mser.runs.folder import BEST, LAST, METRICS, PROTOCOL, fold_name, fold_options
from mser.splits.protocols import Fold, digest
from mser.training import MserCLI, command_line

if TYPE_CHECKING:
    from lightning.pytorch.loggers import WandbLogger


def fit_and_test(run: str, *, fold: int, seed: int, skip_test: bool, track: bool = False) -> None:
    """Fill ``RUN/seed<S>/fold<K>``, from where an earlier try left off; ``metrics.json`` comes last."""
    folder = Path(run) / fold_name(seed, fold)
    started = time.monotonic()
    options = [*fold_options(Path(run), seed, fold), f"--trainer.default_root_dir={folder}"]
    cli = command_line(options, run=False)
    trainer, model, data = cli.trainer, cli.model, cli.datamodule
    if track:
        trainer.logger = fold_logger(folder, json.loads(cli.parser.dump(cli.config, format="json", skip_none=False)))
    last, best = folder / LAST, folder / BEST
    _require_whole(folder, last, best)
    for checkpoint in filter(Path.exists, (last, best)):
        _require_own(checkpoint, cli, _split(run, fold))
    # What was fitted with its test part left locked needs only the test; what the fit took was noted then.
    fitted, metrics = best.exists() and not last.exists(), folder / METRICS
    before = json.loads(metrics.read_text()) if fitted and metrics.exists() else {}
    if not fitted:
        trainer.fit(model, data, ckpt_path=str(last) if last.exists() else None)
    scores = {"val": before["val"] if before else _scores(cli, "validate", best)}
    if not skip_test:
        scores["test"] = _scores(cli, "test", best)
    if trainer.is_global_zero:
        planned = json.loads((Path(run) / PROTOCOL).read_text())
        record = {
            "fold": fold,
            "seed": seed,
            "digest": planned["digest"],
            "content": planned.get("content"),
            **scores,
            "best_epoch": _epoch(best),
            **_cost(trainer, model, time.monotonic() - started),
            **_kept(before),
        }
        write_text(metrics, json.dumps(record, indent=1))
        if track and not skip_test:
            log_best(cast("WandbLogger", trainer.logger), folder)
        last.unlink(missing_ok=True)  # nothing is left to resume, and it is thrice the size of the weights


def _kept(before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an earlier record says of the fit."""
    return {name: before[name] for name in ("epochs", "seconds", "peak_memory_gb", "trial") if name in before}


def _require_whole(folder: Path, *files: Path) -> None:
    """Refuse to go on from a damaged file, which no further try would mend."""
    for path in files:
        try:
            if path.exists():
                read_checkpoint(path)
        except UserError as error:
            advice = f"delete the folder {folder}, and run the same command again: the fold is fitted anew"
            raise UserError(f"{path} is damaged; {advice}") from error


def _split(run: str, fold: int) -> str:
    """Return the digest of a fold of the run's plan."""
    planned = json.loads((Path(run) / PROTOCOL).read_text(encoding="utf-8"))["folds"]
    plan_of_fold = next(plan_of_fold for plan_of_fold in planned if plan_of_fold["number"] == fold)
    return digest(
        [
            Fold(
                plan_of_fold["number"],
                plan_of_fold["name"],
                *(tuple(plan_of_fold[part]) for part in ("train", "val", "test")),
            )
        ]
    )


def _require_own(checkpoint: Path, cli: MserCLI, split: str) -> None:
    """Refuse to go on from, or to test, what another fold or seed has trained: it may have seen what is tested here.

    Raises:
        UserError: for such a checkpoint.
    """
    require_own(checkpoint, cli.model, cli.datamodule)
    before = read_checkpoint(checkpoint).get("trained_on") or {}
    now = {"seed": cli.datamodule.seed, "split": split}
    for name, value in now.items():
        if before.get(name, value) != value:
            raise UserError(
                f"{checkpoint} is of another fold or run: its {name} is {before[name]}, here it is {value}; delete the "
                "folder of this fold and run the same command again"
            )


def _scores(cli: MserCLI, task: str, best: Path) -> dict[str, float]:
    """Return the scores of the best weights, without the name of their part."""
    if cli.trainer.strategy.restore_checkpoint_after_setup:  # FSDP leaves a model in pieces that it cannot take again
        logger = cli.trainer.logger
        cli.instantiate_classes()
        cli.trainer.logger = logger
    results = getattr(cli.trainer, task)(cli.model, cli.datamodule, ckpt_path=str(best), verbose=False)
    return {name.split("/", 1)[1]: value for name, value in results[0].items()}


def _epoch(checkpoint: Path) -> int:
    """Return the epoch, from 0, after which a checkpoint was written."""
    return int(torch.load(checkpoint, map_location="cpu", mmap=True, weights_only=True)["epoch"])


def _cost(trainer: Trainer, model: EmotionRecognizer, seconds: float) -> dict[str, Any]:
    on_gpu = torch.cuda.is_available()
    peak = torch.cuda.max_memory_allocated() if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "epochs": trainer.current_epoch,
        "seconds": round(seconds, 1),
        "peak_memory_gb": round(peak / 1e9, 3),
        "parameters": model.parameter_counts(),
    }
