"""The folder of a `mser fit` as a fold of `mser crossval`: planned again, and asked about its validation part."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from pathlib import Path

import yaml

from mser.callbacks.checkpoints import BEST, FOLDER
from mser.crossval.plan import CONFIG, plan
from mser.errors import UserError
from mser.files import write_text
from mser.plugins import require_config_allowed
from mser.resuming import require_own
from mser.training import command_line

_OF_A_FIT = ("ckpt_path", "weights_only")  # options that a plan does not have


def is_fit(folder: Path) -> bool:
    """Return whether it is the folder of a fit, and no fold of a run."""
    of_a_run = (folder.resolve().parents[1] / "protocol.json").exists()
    return not of_a_run and all((folder / name).is_file() for name in (CONFIG, f"{FOLDER}/{BEST}.ckpt"))


def as_fold(folder: Path, scratch: Path, plugins: Collection[str]) -> Path:
    """Return a finished fold below `scratch`, of a run whose test parts are locked.

    Args:
        folder: of the fit; its corpus lies where it was.
        scratch: an empty folder.
        plugins: packages whose classes the fit may name.

    Raises:
        UserError: if the corpus is gone or split otherwise, or the checkpoint is of other options.
    """
    config = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    if not isinstance(config, dict) or "data" not in config:
        raise UserError(f"{folder / CONFIG} holds no options of a fit; restore the file")
    require_config_allowed(config, plugins, folder / CONFIG)
    run = scratch / "run"
    given = scratch / "fit.yaml"
    write_text(given, yaml.safe_dump({name: value for name, value in config.items() if name not in _OF_A_FIT}))
    plan(str(run), [f"--config={given}"])
    seed, number = int(config["seed_everything"]), int(config["data"]["init_args"]["fold"])
    facts = {"name": folder.resolve().name, "seeds": [seed], "skip_test": True}
    write_text(run / "run.json", json.dumps(facts))
    fold = run / f"seed{seed}/fold{number}"
    best = fold / FOLDER / f"{BEST}.ckpt"
    best.parent.mkdir(parents=True)
    best.symlink_to((folder / FOLDER / best.name).resolve())
    _validate(run, fold, best)
    return fold


def _validate(run: Path, fold: Path, best: Path) -> None:
    """Write the fold's predictions of the validation part, and its scores last."""
    options = [
        f"--config={run / CONFIG}",
        f"--data.init_args.root={run / 'manifest.jsonl'}",
        f"--trainer.default_root_dir={fold}",
        "--trainer.enable_progress_bar=false",
    ]
    cli = command_line(options, run=False)
    require_own(best, cli.model, cli.datamodule)
    logging.getLogger("mser").setLevel(logging.WARNING)
    [scores] = cli.trainer.validate(cli.model, cli.datamodule, ckpt_path=str(best), verbose=False)
    digest = json.loads((run / "protocol.json").read_text(encoding="utf-8"))["digest"]
    told = {"digest": digest, "val": {name.split("/", 1)[1]: score for name, score in scores.items()}}
    write_text(fold / "metrics.json", json.dumps(told))
