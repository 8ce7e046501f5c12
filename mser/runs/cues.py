"""``cues.csv``: how each recording of a run is, kept with the run so that a report needs no audio."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Mapping
from dataclasses import astuple
from math import isfinite
from pathlib import Path

from mser.audio.acoustics import LATER, NAMES, Measures
from mser.errors import UserError
from mser.files.whole import write_text
from mser.manifest import Manifest
from mser.runs.folder import MANIFEST

FILE = "cues.csv"


def write_cues(run: Path) -> None:
    """Measure the recordings of a run's manifest and write its ``cues.csv``, unless it is there.

    A recording that cannot be read has no row; how many there are is said.

    Raises:
        UserError: if the folder cannot be written.
    """
    from mser.audio.measure_cache import measure_all
    from mser.terminal.progress import progress

    if (run / FILE).is_file():
        return
    manifest = Manifest.read(run / MANIFEST)
    recorded = [utterance for utterance in manifest if utterance.audio]
    with progress("measuring recordings", len(recorded)) as done:
        measures = measure_all(recorded, manifest.root, done)
    if len(measures) < len(recorded):
        left = len(recorded) - len(measures)
        logging.getLogger(__name__).warning(
            "%d of %d recordings could not be measured for the shortcut floors", left, len(recorded)
        )
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["utterance", *NAMES])
    writer.writerows([name, *(f"{value:.6g}" for value in astuple(utterance))] for name, utterance in measures.items())
    write_text(run / FILE, text.getvalue())


def read_cues(run: Path) -> Mapping[str, Measures]:
    """Return the measures by utterance; none for a run that keeps none.

    Raises:
        UserError: if the file is no such table.
    """
    path = run / FILE
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            names = [name for name in NAMES if name not in LATER or name in (reader.fieldnames or ())]
            rows = {row["utterance"]: [float(row[name]) for name in names] for row in reader}
        bad = next((name for name, row in rows.items() if not all(map(isfinite, row))), None)
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise _garbled(path, str(error)) from error
    if bad is not None:
        raise _garbled(path, f"{bad} has a number that is not finite")
    return {name: Measures(*row) for name, row in rows.items()}


def _garbled(path: Path, what: str) -> UserError:
    return UserError(f"{path} is no table of recordings ({what}); delete it and run the same mser crossval again")
