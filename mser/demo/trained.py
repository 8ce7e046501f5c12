"""A small model of made-up speech, for whoever has no corpus and wants to see what the commands do."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from mser.corpora import corpus
from mser.crossval.cli import main as crossval
from mser.demo.examples import write_examples
from mser.demo.iemocap import TURNS, write_iemocap
from mser.errors import UserError
from mser.files.whole import new_folder
from mser.labels import LabelSet
from mser.use.settings import Settings

EXAMPLES = "examples"
_LABELS, _CORPUS = "iemocap4", "iemocap"
_EXPERIMENT: dict[str, Any] = {
    "data": {
        "class_path": "IEMOCAP",
        # With a side missing now and then it learns to do without a transcript, and without a recording.
        "init_args": {"labels": _LABELS, "batch_size": 16, "augment": {"modality_dropout": 0.15}},
    },
    "model": {
        "speech": {"name": "tiny"},
        "text": {"name": "tiny", "pooling": "mean"},
        "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 2e-3, "fused": True}},
        "head_lr": None,
    },
}


def make_model(out: Path, *, turns: int = TURNS, epochs: int = 8) -> Settings:
    """Write a model folder into `out`, whole or not at all, and return what it says of itself.

    It holds recordings to try it on, too, in `EXAMPLES`: of two speakers that it was neither trained nor chosen on.

    Args:
        out: a folder that does not exist yet or is empty.
        turns: labelled turns of each of the 30 dialogues that are made up for it.
        epochs: of the training.

    Raises:
        UserError: if the folder cannot be written, the speech synthesizer is not installed, or the training fails.
    """
    with new_folder(out) as folder, TemporaryDirectory() as scratch:
        root, run = Path(scratch) / "corpus", Path(scratch) / "demo-model"
        write_iemocap(root, turns=turns)
        experiment = Path(scratch) / "experiment.yaml"
        experiment.write_text(json.dumps(_EXPERIMENT), encoding="utf-8")  # which is YAML, too
        options = ["--config", str(experiment), f"--data.init_args.root={root}", f"--trainer.max_epochs={epochs}"]
        with redirect_stdout(io.StringIO()):
            failed = crossval([*options, "--out", str(run), "--folds", "1", "--skip_test"])
        if failed:
            raise UserError("the model could not be trained, for the reason above; mend it and run again")
        from mser.export.trained_folder import export  # torch, which everything up to here can do without

        settings = export([run / "seed1" / "fold1"], folder)
        made_up = corpus(_CORPUS)
        labels = cast(LabelSet, made_up.label_set(_LABELS))
        write_examples(folder / EXAMPLES, made_up.read(root), labels)
    return settings
