"""What a run will do, settled and checked before any training: its configuration, its folds, its room on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from mser.callbacks.whole_files import require_room, room
from mser.corpora.corpus import read_made_up
from mser.data.completeness import (
    learns_votes,
    left_out,
    require_classes,
    require_recordings,
    require_transcripts,
    require_votes,
)
from mser.data.module import CorpusDataModule
from mser.errors import UserError
from mser.files.whole import write_text
from mser.fitting.rehearsal import rehearse
from mser.fitting.resuming import require_same
from mser.labels import ScoreSet
from mser.manifest import Manifest
from mser.recognizer import EmotionRecognizer, parameters
from mser.runs.folder import CONFIG, MANIFEST, PROTOCOL
from mser.splits.audit import audit, require_sound
from mser.splits.audit_result import Audit
from mser.splits.content import content_digest
from mser.splits.protocols import Fold, digest
from mser.training import TRAINER_DEFAULTS, MserCLI, command_line


def plan(run: str, fit_options: list[str]) -> list[str]:
    """Write ``config.yaml``, ``protocol.json`` and ``manifest.jsonl`` into the run's folder.

    Building the model and reading the corpus here finds every mistake that a fold would stumble over later.

    Returns:
        What was settled, in lines for a person.

    Raises:
        UserError: for such a mistake, for a run of another experiment, or for too little room.
    """
    folder = Path(run)
    cli = command_line(fit_options, run=False)
    _require_heeded(cli)
    rehearse(cli.model, cli.model_options(), cli.datamodule.label_set)
    require_same(folder / CONFIG, cli.parser.dump(cli.config, skip_none=False), "choose another --out")
    require_room(folder, cli.model)
    model = cli.model
    write_folds(folder, cli.datamodule, hears=model.speech is not None, reads=model.text is not None,
                exclusive=model.objective.exclusive, voted=learns_votes(model))  # fmt: skip
    write_text(folder / CONFIG, cli.parser.dump(cli.config, skip_none=False))
    return list(_plan_lines(cli.model, folder))


def _require_heeded(cli: MserCLI) -> None:
    """Refuse what each fold is given by the cross-validation itself, and would be ignored.

    Raises:
        UserError: for such an option.
    """
    usually = (1, 1, TRAINER_DEFAULTS["default_root_dir"])
    heeded = (cli.config.seed_everything, cli.datamodule.fold, cli.config.trainer.default_root_dir)
    options = ("seed_everything", "data.init_args.fold", "trainer.default_root_dir")
    instead = ("--seeds 1,2,3", "--folds 1,2", "--out RUN")
    for name, value, usual, other in zip(options, heeded, usually, instead, strict=True):
        if value != usual:
            raise UserError(f"{name} is {value}, which a cross-validation does not heed; give {other} instead")


def _plan_lines(model: EmotionRecognizer, folder: Path) -> Iterator[str]:
    """Yield what was settled, for a person: the question, the folds, the model, the room on disk."""
    protocol = json.loads((folder / PROTOCOL).read_text(encoding="utf-8"))
    yield f"{protocol['corpus']}, {protocol['label_set']}: {', '.join(protocol['labels'])}"
    yield f"{protocol['protocol']}: {protocol['description']}"
    for fold in protocol["folds"]:
        sizes = ", ".join(f"{part} {len(fold[part])}" for part in ("train", "val", "test"))
        yield f"fold {fold['number']} ({fold['name']}): {sizes} utterances"
    yield from parameters(model)
    free, needed = room(folder, model)
    yield f"{folder}: the checkpoints of a fit need {needed / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free"


def write_folds(
    folder: Path,
    data: CorpusDataModule,
    *,
    hears: bool,
    reads: bool,
    exclusive: bool,
    trains: bool = True,
    voted: bool = False,
) -> None:
    """Write ``protocol.json`` and ``manifest.jsonl``.

    Args:
        folder: the run's.
        data: the corpus, its task and its protocol.
        hears: whether the model needs recordings.
        reads: whether the model needs transcripts.
        exclusive: whether the probabilities of an utterance sum to 1.
        trains: whether anything is trained, for which each class has to be in the training parts.
        voted: whether it learns from raters' votes.

    Raises:
        UserError: if the folds are not sound, or something is missing in them.
    """
    if trains:
        data.protocol.require_train()
    manifest = data.read()
    data.protocol.require_listed(manifest)
    labelled = data.label_set.select(manifest)
    if hears:
        require_recordings(labelled, where=data.protocol.name)
    folds = data.protocol.folds(labelled)
    for fold in folds if voted else ():
        known = set(fold.train)
        where = f"{data.protocol.name}, fold {fold.number}"
        require_votes(data.votes, [one for one in labelled if one.id in known], where=where)
    result = audit(labelled, folds, manifest.root)
    require_sound(data.protocol, result)
    selected = replace(manifest, utterances=tuple(labelled), problems=left_out(manifest))
    _require_parts(data, selected, folds, reads=reads, trains=trains)
    selected.write(folder / MANIFEST)
    write_text(folder / PROTOCOL, json.dumps(_protocol(data, selected, folds, result, exclusive=exclusive), indent=1))


def _require_parts(
    data: CorpusDataModule, selected: Manifest, folds: Sequence[Fold], *, reads: bool, trains: bool
) -> None:
    """Refuse folds of which a training part lacks a class, or a part has nothing to read.

    Raises:
        UserError: for such a fold.
    """
    by_id = {utterance.id: utterance for utterance in selected}
    for fold in folds:
        where = f"{data.protocol.name}, fold {fold.number}"
        if trains:
            require_classes(data.label_set, [by_id[name] for name in fold.train], part="train", where=where)
        for part in ("train", "val", "test") if reads else ():
            utterances = [by_id[name] for name in getattr(fold, part)]
            require_transcripts(utterances, part=part, where=where, notes=selected.notes)


def _protocol(
    data: CorpusDataModule, selected: Manifest, folds: Sequence[Fold], result: Audit, *, exclusive: bool
) -> dict[str, object]:
    """Return what ``protocol.json`` holds; `mser.runs.run.Plan` reads it."""
    task = data.label_set
    return {
        "corpus": selected.corpus,
        "made_up": read_made_up(selected.root) is not None,
        "protocol": data.protocol.name,
        "description": data.protocol.description,
        "digest": digest(folds),
        "content": content_digest(selected.utterances, folds),
        "task": task.kind,
        "exclusive": exclusive,
        "label_set": task.name,
        "labels": data.label_names,
        "score_range": (task.low, task.high) if isinstance(task, ScoreSet) else None,
        "terms": data.corpus.terms(),
        "folds": [asdict(fold) for fold in folds],
        "audit": result.facts(),
    }
