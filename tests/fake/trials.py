"""Makes the trial folders of a search as `mser crossval --skip_test` leaves them. Nothing is trained."""

import json
from pathlib import Path

import yaml
from fake.runs import edit_json, make_run


def make_trial(folder: Path, validation: dict[int, float] | float, **options) -> Path:
    """Write a whole trial with weights, whose ``val/ua`` is the given one in each fold, and return its folder.

    Args:
        validation: by fold, or the same in all five.
        options: settings in which it differs from others, by dotted names.
    """
    by_fold = validation if isinstance(validation, dict) else dict.fromkeys(range(1, 6), validation)
    make_run(folder, skip_test=True, folds=len(by_fold), turns=4, epochs=1)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["checkpoint"] = {"monitor": "val/ua", "mode": "max"}
    for name, value in options.items():
        *parents, last = name.split(".")
        inner = config
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = value
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    for fold, value in by_fold.items():
        home = folder / f"seed1/fold{fold}"
        edit_json(home / "metrics.json", val={"loss": 1 - value, "ua": value})
        metrics = json.loads((home / "metrics.json").read_text())
        metrics.pop("test")
        (home / "metrics.json").write_text(json.dumps(metrics))
        (home / "config.yaml").write_text(yaml.safe_dump(config))
        (home / "checkpoints").mkdir(exist_ok=True)
        (home / "checkpoints/best.ckpt").write_text(f"weights of {folder.name}, fold {fold}")
    return folder


def weights(sweep: Path) -> set[str]:
    """Return which weights lie in a sweep's trials, as ``trial/fold1``."""
    return {f"{path.parts[-5]}/{path.parts[-3]}" for path in sweep.glob("*/seed1/fold*/checkpoints/best.ckpt")}
