"""A few made-up recordings beside a demonstration model: clips with a table, and a call with who speaks when."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mser.labels import LabelSet
from mser.manifest import Manifest, Utterance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NAMES = {"F": "anna", "M": "ben"}
_CLIPS = 6  # of each speaker
_PAUSE = 6400  # samples between two turns of the call


def write_examples(folder: Path, manifest: Manifest, labels: LabelSet) -> None:
    """Write what can be predicted: ``clips`` with ``recordings.csv``, and ``call.wav`` in stereo with ``call.rttm``.

    Args:
        folder: to fill; made if it is not there.
        manifest: of a made-up tree of IEMOCAP, of whose first session the recordings are.
        labels: what their emotions are called.
    """
    session = [one for one in labels.select(manifest) if one.session == "Session1"]
    dialogue = [[one for one in session if one.gender == letter][:_CLIPS] for letter in _NAMES]
    (folder / "clips").mkdir(parents=True)
    with (folder / "recordings.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "transcript", "emotion", "speaker"])
        for letter, name in _NAMES.items():
            for number, one in enumerate([one for one in session if one.gender == letter][:_CLIPS], 1):
                shutil.copyfile(manifest.root / one.audio, folder / "clips" / f"{name}-{number:02}.wav")
                table.writerow([f"clips/{name}-{number:02}.wav", one.transcript, labels(one.label), name])
    _write_call(folder, manifest.root, [turn for both in zip(*dialogue, strict=False) for turn in both])


def _write_call(folder: Path, root: Path, turns: Sequence[Utterance]) -> None:
    """Write turns as a call is recorded: each speaker on a channel of its own."""
    import numpy as np
    import soundfile

    sides: dict[str, list[NDArray[np.int16]]] = {letter: [] for letter in _NAMES}
    rows, now = [], 0
    for turn in turns:
        samples, rate = soundfile.read(root / turn.audio, dtype="int16")
        padded = np.pad(samples, (0, _PAUSE))
        for letter, pieces in sides.items():
            pieces.append(padded if letter == turn.gender else np.zeros_like(padded))
        name = _NAMES[turn.gender]
        rows.append(f"SPEAKER call 1 {now / rate:.3f} {len(samples) / rate:.3f} <NA> <NA> {name} <NA> <NA>\n")
        now += len(padded)
    stereo = np.stack([np.concatenate(pieces) for pieces in sides.values()], 1)
    soundfile.write(folder / "call.wav", stereo, rate, subtype="PCM_16")
    (folder / "call.rttm").write_text("".join(rows), encoding="utf-8")
