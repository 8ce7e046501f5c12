"""What a speech recogniser hears in the utterances of a run, by id."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mser.manifest import Manifest
from mser.runs.fold_predictions import Part
from mser.runs.folder import MANIFEST
from mser.runs.run import Run
from mser.use.words.kept_transcripts import heard_in
from mser.use.words.transcribing import Transcriber


def transcribed(run: Run, part: Part, recogniser: str, options: Sequence[str] = ()) -> dict[str, str]:
    """Return what is heard in each utterance of a part, by id; empty where no words are.

    Args:
        run: whose utterances.
        part: of its folds.
        recogniser: a Hugging Face id or a folder.
        options: those of `mser fit`; where they name the processor, it is used.

    Raises:
        UserError: if an utterance has no recording, one cannot be read, or there is no such recogniser.
    """
    tested = {name for job in run.jobs for name in getattr(job.fold, part)}
    wanted = [utterance for name, utterance in run.utterances.items() if name in tested]
    root = Manifest.read(run.folder / MANIFEST).root
    cpu = not torch.cuda.is_available() or any("cpu" in option for option in options)
    listen = Transcriber(recogniser, torch.device("cpu" if cpu else "cuda"))
    return heard_in(wanted, root, listen)
