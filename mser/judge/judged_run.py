"""Asks a model folder about the test part of each fold of a corpus, and writes a run's folder."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mser.callbacks.predictions import text
from mser.crossval.plan import write_folds
from mser.crossval.provenance import provenance
from mser.data.module import CorpusDataModule
from mser.errors import UserError
from mser.files.whole import write_text
from mser.fitting.resuming import require_same
from mser.judge.label_names import Named, named
from mser.judge.training_corpora import judged_facts
from mser.labels import Task
from mser.manifest import Manifest, Utterance
from mser.runs.folder import CONFIG, MANIFEST, METRICS, PREDICTIONS, PROTOCOL, PROVENANCE, fold_name
from mser.runs.test_log import record
from mser.scoring.temperature import Floats
from mser.tasks import columns, score
from mser.training import command_line
from mser.use.clips import Clip
from mser.use.model import Model, load

log = logging.getLogger(__name__)
SEED = 1
"""Nothing is drawn: a model that is not trained has one answer."""


def judge(
    model: str,
    out: Path,
    data: Sequence[str],
    *,
    labels: Mapping[str, str],
    argv: Sequence[str],
    device: str | None = None,
    batch_seconds: float = 60.0,
    plugins: Collection[str] = (),
) -> None:
    """Fill the run's folder; folds that are there are left as they are.

    Args:
        model: a model folder, or its id on the hub.
        out: the run's folder.
        data: options of ``mser fit`` that begin with ``--data``.
        labels: the model's label to the corpus's, where they are called otherwise.
        argv: the command, for the run's provenance.
        device: a GPU if there is one when None.
        batch_seconds: most seconds of audio in a batch.
        plugins: packages whose classes the model folder may name.

    Raises:
        UserError: if labels do not map, a recording cannot be used, or `out` holds another run.
    """
    asked = load(model, device=device, plugins=plugins)
    cli = command_line([*data, "--model.speech.name=tiny"], run=False)
    corpus: CorpusDataModule = cli.datamodule
    names = named(asked.task, corpus.label_set, labels)
    config = yaml.safe_load(cli.parser.dump(cli.config, skip_none=False))
    where = Path(model).resolve().name if Path(model).is_dir() else model
    settled = _config(config, asked, names, where)
    require_same(out / CONFIG, settled, "choose another --out")
    sides = asked.settings.modalities
    write_folds(out, corpus, hears="speech" in sides, reads="text" in sides, exclusive=asked.settings.exclusive,
                trains=False)  # fmt: skip
    write_text(out / CONFIG, settled)
    protocol = json.loads((out / PROTOCOL).read_text(encoding="utf-8"))
    numbers = [fold["number"] for fold in protocol["folds"]]
    facts = provenance(out, list(argv), numbers, [SEED], skip_test=False, command="judge")
    write_text(
        out / PROVENANCE, json.dumps(facts | {"judged": judged_facts(asked.settings, protocol["corpus"], where)})
    )
    manifest = Manifest.read(out / MANIFEST)
    for fold in protocol["folds"]:
        folder = out / fold_name(SEED, fold["number"])
        if not (folder / METRICS).is_file():
            _fold(asked, names, corpus.label_set, manifest, fold, folder, protocol["digest"], batch_seconds)


def _fold(
    model: Model,
    names: Named,
    task: Task,
    manifest: Manifest,
    fold: Mapping[str, Any],
    folder: Path,
    digest: str,
    batch_seconds: float,
) -> None:
    """Write one fold's predictions, count the test, and write its scores last."""
    started, by_id = time.monotonic(), {one.id: one for one in manifest}
    heard = [by_id[name] for name in fold["test"]]
    record(folder, fold=fold["number"], seed=SEED, checkpoint=model.settings.id)
    answers = names(_answers(model, heard, manifest.root, batch_seconds), exclusive=model.settings.exclusive)
    rows = [
        {"utterance": one.id, "speaker": one.speaker, "group": one.group, "fold": fold["number"], "seed": SEED,
         "split": "test", **columns(task, task.target(one), answer)}
        for one, answer in zip(heard, answers.tolist(), strict=True)
    ]  # fmt: skip
    write_text(folder / PREDICTIONS, text(rows))
    scores = score(task, np.array([task.target(one) for one in heard]), answers)
    told = {"fold": fold["number"], "seed": SEED, "digest": digest, "seconds": time.monotonic() - started}
    write_text(folder / METRICS, json.dumps(told | {"test": scores}, indent=1))
    log.info("fold %d (%s): %d utterances", fold["number"], fold["name"], len(heard))


def _answers(model: Model, heard: Sequence[Utterance], root: Path, batch_seconds: float) -> Floats:
    clips = [Clip(root / one.audio, one.transcript or None, one.start, one.end) for one in heard]
    found = []
    for utterance, said in zip(heard, model.stream(clips, batch_seconds=batch_seconds), strict=True):
        if said.error:
            raise UserError(f"{utterance.id} cannot be judged: {said.error}")
        found.append(list((said.scores or said.probabilities).values()))
    return np.array(found)


def _config(config: dict[str, Any], model: Model, names: Named, where: str) -> str:
    """Return the run's ``config.yaml``: the data's options as they are, and in the model's place what was judged."""
    settings = model.settings
    own = dict(settings.model)
    sides = {side: own[side] and {**own[side], "name": where} for side in ("speech", "text")}
    parts = {
        name: {"class_path": _path(own[name]["class"], home), "init_args": own[name]["options"]}
        for name, home in (("fusion", "mser.fusion"), ("objective", "mser.objectives"))
    }
    judged = {"model": where, "id": settings.id, "labels": dict(names.pairs)}
    kept = {"data": config["data"], "model": {**sides, **parts, "dropout": own["dropout"]}, "judged": judged}
    return yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)


def _path(name: str, home: str) -> str:
    return name if "." in name else f"{home}.{name}"
