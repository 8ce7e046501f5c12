"""The recordings of a run's surest mistakes, small enough to lie within the page; only for those who ask for them."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from mser.errors import UserError
from mser.manifest import Manifest, Utterance
from mser.report.summary import Summary
from mser.runs.folder import MANIFEST

MOST_SECONDS = 15
"""Of one clip: about 50 kB, and a word or two more than most utterances last."""


def clips(run: Summary, number: int) -> dict[str, str]:
    """Return the recordings of a run's surest mistakes by utterance, as data URIs of MP3, mono, 16 kHz, cut to 15 s.

    MP3 because every browser plays it, from a file too.

    Args:
        run: its summary.
        number: how many; there may be fewer mistakes, and none where not each utterance has one label.

    Raises:
        UserError: if the run keeps no manifest, or its corpus is not where it was.
    """
    mistakes = (run.sections and run.sections.mistakes) or ()
    wanted = [mistake.utterance for mistake in mistakes[:number]]
    if not wanted:
        return {}
    path = Path(run.folder) / MANIFEST
    if not path.is_file():
        raise UserError(f"{path} is missing, so nobody knows where the recordings lie; leave out --audio")
    manifest = Manifest.read(path)
    by_id = {utterance.id: utterance for utterance in manifest}
    return {name: _clip(manifest.root, by_id[name]) for name in wanted if name in by_id}


def _clip(root: Path, utterance: Utterance) -> str:
    import soundfile

    from mser.data.audio import SAMPLE_RATE, load

    end = min(utterance.start + MOST_SECONDS, float("inf") if utterance.end is None else utterance.end)
    path = root / utterance.audio
    if not path.is_file():
        raise UserError(f"{path} is missing, which --audio should put into the page; leave out --audio")
    samples = load(path, utterance.start, end, utterance.channel)
    file = io.BytesIO()
    soundfile.write(file, samples.numpy(), SAMPLE_RATE, format="MP3")
    return f"data:audio/mpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
