"""Models of tiny encoders: trained on a made-up tree through the real command line, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from fake.corpora.iemocap import make_iemocap
from fake.places import EXPERIMENTS
from safetensors.torch import save_model

from mser.cli import main
from mser.use.rebuild import rebuild
from mser.use.settings import Member, Settings

EXPERIMENTS = EXPERIMENTS / "demo"


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


def untrained(
    folder: Path,
    *,
    sides: tuple[str, ...] = ("speech", "text"),
    task: dict | None = None,
    seed: int = 1,
    **more: object,
) -> Path:
    """Make a model folder of random tiny encoders, which says nothing of use but says it at once."""
    task = task or {"kind": "labels", "name": "iemocap4", "labels": ["neu", "sad", "ang", "hap"]}
    objective = {"labels": "CrossEntropy", "multi_label": "OneVsRest", "scores": "Regression"}[task["kind"]]
    model = {
        **{side: {"name": "tiny", "pooling": "mean"} if side in sides else None for side in ("speech", "text")},
        "fusion": {"class": "Shallow", "options": {}},
        "objective": {"class": objective, "options": {}},
        "dropout": 0.1,
    }
    member = Member("seed1-fold1.safetensors", 1, 1, 2.0, {}, {})
    settings = Settings(f"model{seed}", task, 16000, None, model, {}, (member,))
    settings = replace(settings, **more)
    folder.mkdir()
    settings.write(folder)
    torch.manual_seed(seed)
    save_model(rebuild(settings, folder), str(folder / member.weights))
    return folder
