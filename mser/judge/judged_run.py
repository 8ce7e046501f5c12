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
from mser.use.unlike_lines import Likeness

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
    loaded = load(model, device=device, plugins=plugins)
    cli = command_line([*data, "--model.speech.name=tiny"], run=False)
    corpus: CorpusDataModule = cli.datamodule
    names = named(loaded.task, corpus.label_set, labels)
    config = yaml.safe_load(cli.parser.dump(cli.config, skip_none=False))
    where = Path(model).resolve().name if Path(model).is_dir() else model
    protocol = _write_plan(out, corpus, loaded, _config(config, loaded, names, where))
    _write_provenance(out, loaded, protocol, argv, where)
    manifest = Manifest.read(out / MANIFEST)
    likeness = Likeness(loaded.settings)
    for fold in protocol["folds"]:
        folder = out / fold_name(SEED, fold["number"])
        if not (folder / METRICS).is_file():
            _fold(loaded, names, corpus.label_set, manifest, fold, folder, protocol["digest"], batch_seconds, likeness)
    for line in likeness.lines(written=True):
        log.warning(line)


def _write_plan(out: Path, corpus: CorpusDataModule, model: Model, config: str) -> Mapping[str, Any]:
    """Write the run's configuration and its folds, and return ``protocol.json``."""
    require_same(out / CONFIG, config, "choose another --out")
    sides, exclusive = model.settings.modalities, model.settings.exclusive
    write_folds(out, corpus, hears="speech" in sides, reads="text" in sides, exclusive=exclusive, trains=False)
    write_text(out / CONFIG, config)
    protocol: Mapping[str, Any] = json.loads((out / PROTOCOL).read_text(encoding="utf-8"))
    return protocol


def _write_provenance(out: Path, model: Model, protocol: Mapping[str, Any], argv: Sequence[str], where: str) -> None:
    numbers = [fold["number"] for fold in protocol["folds"]]
    facts = provenance(out, list(argv), numbers, [SEED], skip_test=False, command="judge")
    judged = judged_facts(model.settings, protocol["corpus"], where)
    write_text(out / PROVENANCE, json.dumps(facts | {"judged": judged}))


def _fold(
    model: Model,
    names: Named,
    task: Task,
    manifest: Manifest,
    fold: Mapping[str, Any],
    folder: Path,
    digest: str,
    batch_seconds: float,
    likeness: Likeness,
) -> None:
    """Write one fold's predictions, count the test, and write its scores last."""
    started, by_id = time.monotonic(), {utterance.id: utterance for utterance in manifest}
    utterances = [by_id[name] for name in fold["test"]]
    record(folder, fold=fold["number"], seed=SEED, checkpoint=model.settings.id)
    answers = names(
        _answers(model, utterances, manifest.root, batch_seconds, likeness), exclusive=model.settings.exclusive
    )
    write_text(folder / PREDICTIONS, text(answer_rows(utterances, answers, task, (SEED, fold["number"]))))
    scores = score(task, np.array([task.target(utterance) for utterance in utterances]), answers)
    facts = {"fold": fold["number"], "seed": SEED, "digest": digest, "seconds": time.monotonic() - started}
    write_text(folder / METRICS, json.dumps(facts | {"test": scores}, indent=1))
    log.info("fold %d (%s): %d utterances", fold["number"], fold["name"], len(utterances))


def answer_rows(
    utterances: Sequence[Utterance], answers: Floats, task: Task, job: tuple[int, int]
) -> list[dict[str, Any]]:
    """Return the rows of ``predictions.csv``.

    Args:
        utterances: of a test part.
        answers: (N, C), of each.
        task: what was asked.
        job: seed and fold.
    """
    return [
        {"utterance": utterance.id, "speaker": utterance.speaker, "group": utterance.group,
         "fold": job[1], "seed": job[0], "split": "test", **columns(task, task.target(utterance), answer)}
        for utterance, answer in zip(utterances, answers.tolist(), strict=True)
    ]  # fmt: skip


def _answers(
    model: Model, utterances: Sequence[Utterance], root: Path, batch_seconds: float, likeness: Likeness
) -> Floats:
    clips = [
        Clip(root / one.audio, one.transcript or None, one.start, one.end, channel=one.channel) for one in utterances
    ]
    rows = []
    for utterance, prediction in zip(utterances, model.stream(clips, batch_seconds=batch_seconds), strict=True):
        if prediction.error:
            raise UserError(f"{utterance.id} cannot be judged: {prediction.error}")
        likeness.see(prediction)
        rows.append(list((prediction.scores or prediction.probabilities).values()))
    return np.array(rows)


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
    recorded = {"data": config["data"], "model": {**sides, **parts, "dropout": own["dropout"]}, "judged": judged}
    return yaml.safe_dump(recorded, sort_keys=False, allow_unicode=True)


def _path(name: str, home: str) -> str:
    return name if "." in name else f"{home}.{name}"
