"""The folder of a `mser fit` as a fold of `mser crossval`: planned again, and asked about its validation part."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from pathlib import Path

import yaml

from mser.crossval.plan import plan
from mser.errors import UserError
from mser.files.whole import write_text
from mser.fitting.resuming import require_own
from mser.plugins import require_config_allowed
from mser.runs.folder import BEST, CONFIG, METRICS, PROTOCOL, PROVENANCE, fold_name, fold_options, run_of
from mser.training import command_line

_OF_A_FIT = ("ckpt_path", "weights_only", "from", "seed_everything")  # options that a plan does not have


def is_fit(folder: Path) -> bool:
    """Return whether it is the folder of a fit, and no fold of a run."""
    of_a_run = (run_of(folder) / PROTOCOL).exists()
    return not of_a_run and all((folder / name).is_file() for name in (CONFIG, BEST))


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
    configuration = scratch / "fit.yaml"
    seed, number = int(config["seed_everything"]), int(config["data"]["init_args"].pop("fold"))
    config["trainer"].pop("default_root_dir", None)
    write_text(configuration, yaml.safe_dump({name: value for name, value in config.items() if name not in _OF_A_FIT}))
    plan(str(run), [f"--config={configuration}"])
    facts = {"name": folder.resolve().name, "seeds": [seed], "skip_test": True}
    write_text(run / PROVENANCE, json.dumps(facts))
    fold = run / fold_name(seed, number)
    best = fold / BEST
    best.parent.mkdir(parents=True)
    best.symlink_to((folder / BEST).resolve())
    _validate(run, seed, number)
    return fold


def _validate(run: Path, seed: int, number: int) -> None:
    """Write the fold's predictions of the validation part, and its scores last."""
    fold = run / fold_name(seed, number)
    best = fold / BEST
    cli = command_line([*fold_options(run, seed, number), f"--trainer.default_root_dir={fold}"], run=False)
    require_own(best, cli.model, cli.datamodule)
    logging.getLogger("mser").setLevel(logging.WARNING)
    [scores] = cli.trainer.validate(cli.model, cli.datamodule, ckpt_path=str(best), verbose=False)
    digest = json.loads((run / PROTOCOL).read_text(encoding="utf-8"))["digest"]
    facts = {"digest": digest, "val": {name.split("/", 1)[1]: score for name, score in scores.items()}}
    write_text(fold / METRICS, json.dumps(facts))
