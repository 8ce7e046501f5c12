"""Trains tiny encoders on a made-up tree, through the real command line."""

from __future__ import annotations

from pathlib import Path

from fake.iemocap import make_iemocap

from mser.cli import main

EXPERIMENTS = Path(__file__).parents[2] / "experiments/demo"


def crossval(folder: Path, *options: str, experiment: str = "shallow") -> Path:
    """Return the run that was made; the corpus lies beside it."""
    if not (folder / "corpus").exists():
        make_iemocap(folder / "corpus", turns=12)
    run = folder / experiment
    given = [f"--data.init_args.root={folder / 'corpus'}", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    config = str(EXPERIMENTS / f"{experiment}.yaml")
    if main(["crossval", "--config", config, "--out", str(run), *given, *options]):
        raise RuntimeError("the made-up run failed")
    return run
