"""The run beside one that trains on tested speakers: the same, in folds of the same sizes that do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from mser.corpora.table import corpus as table
from mser.errors import UserError
from mser.files.whole import write_text
from mser.manifest import Manifest
from mser.runs.folder import BESIDE_SPEAKERS, MANIFEST, PROTOCOL
from mser.splits.fold_lists import LISTS
from mser.splits.protocols import Fold
from mser.splits.unheard_speakers import unheard_speakers

FILE = "folds.json"


def beside_speakers(run: Path, fit_options: Sequence[str]) -> tuple[Path, list[str]]:
    """Write the folds of unheard speakers into the run beside, and return its folder and its options of `mser fit`.

    Args:
        run: whose folds are settled.
        fit_options: its own.

    Raises:
        UserError: if no tested speaker of the run is trained on, nobody knows who speaks, or speakers are too few.
    """
    protocol = json.loads((run / PROTOCOL).read_text(encoding="utf-8"))
    if not protocol["audit"]["speaker_overlap"]:
        raise UserError(
            f"--beside speakers weighs what speakers give away who are trained on and tested, but in "
            f"{protocol['protocol']} none is; leave it out"
        )
    manifest = Manifest.read(run / MANIFEST)
    mixed = [Fold(**fold) for fold in protocol["folds"]]
    folds = unheard_speakers(mixed, {utterance.id: utterance for utterance in manifest})
    path = run / BESIDE_SPEAKERS / FILE
    write_text(path, json.dumps({"folds": [asdict(fold) for fold in folds]}))
    options = [f"--data.init_args.fold_lists={path}"]
    if protocol["corpus"] != table.NAME:  # a table's protocol follows from its lists
        options.append(f"--data.init_args.protocol={LISTS}/{protocol['corpus']}")
    return path.parent, [*fit_options, *options]
