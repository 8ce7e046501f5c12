"""What a run will do, settled and checked before any training: its configuration, its folds, its room on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import yaml

from mser.audit import audit, require_sound
from mser.callbacks.whole_files import require_room
from mser.data.gaps import left_out, require_classes
from mser.data.module import CorpusDataModule
from mser.errors import UserError
from mser.labels import LabelSet, MultiLabel, ScoreSet
from mser.manifest import write_text
from mser.protocols import digest
from mser.training import command_line

CONFIG = "config.yaml"
KINDS: dict[type, str] = {LabelSet: "labels", MultiLabel: "multi_label", ScoreSet: "scores"}
"""What a report calls the kinds of task."""


def plan(run: str, fit_options: list[str]) -> None:
    """Write ``config.yaml``, ``protocol.json`` and ``manifest.jsonl`` into the run's folder.

    Building the model and reading the corpus here finds every mistake that a fold would stumble over later.

    Raises:
        UserError: for such a mistake, for a run of another experiment, or for too little room.
    """
    folder = Path(run)
    cli = command_line(fit_options, run=False)
    cli.model.objective.require(cli.datamodule.label_set)
    _same_experiment(folder / CONFIG, cli.parser.dump(cli.config, skip_none=False))
    require_room(folder, cli.model)
    _write_folds(folder, cli.datamodule)
    write_text(folder / CONFIG, cli.parser.dump(cli.config, skip_none=False))


def _same_experiment(path: Path, config: str) -> None:
    """Refuse to continue a run with other settings than it was begun with."""
    if not path.exists():
        return
    before, now = _flat(yaml.safe_load(path.read_text())), _flat(yaml.safe_load(config))
    changed = [name for name in sorted(before | now) if before.get(name) != now.get(name)]
    if changed:
        first = changed[0]
        raise UserError(
            f"{path.parent} was begun with {first}={before.get(first)}, now it is {now.get(first)}"
            f"{f' ({len(changed)} settings differ)' if len(changed) > 1 else ''}; choose another --out"
        )


def _flat(node: Any, name: str = "") -> dict[str, Any]:
    """Return the leaves of nested settings by dotted names."""
    if not isinstance(node, dict):
        return {name: node}
    return {
        key: value for child, inner in node.items() for key, value in _flat(inner, f"{name}.{child}".strip(".")).items()
    }


def _write_folds(folder: Path, data: CorpusDataModule) -> None:
    manifest = data.read()
    labelled = data.label_set.select(manifest)
    folds = data.protocol.folds(labelled)
    found = audit(labelled, folds, manifest.root)
    require_sound(data.protocol, found)
    by_id = {one.id: one for one in labelled}
    for fold in folds:
        train = [by_id[name] for name in fold.train]
        require_classes(data.label_set, train, part="train", where=f"{data.protocol.name}, fold {fold.number}")
    kept = replace(manifest, utterances=tuple(labelled), problems=left_out(manifest))
    kept.write(folder / "manifest.jsonl")
    write_text(
        folder / "protocol.json",
        json.dumps(
            {
                "corpus": manifest.corpus,
                "protocol": data.protocol.name,
                "description": data.protocol.description,
                "digest": digest(folds),
                "task": KINDS[type(data.label_set)],
                "label_set": data.label_set.name,
                "labels": data.label_names,
                "folds": [asdict(fold) for fold in folds],
                "audit": found,
            },
            indent=1,
        ),
    )
