"""What a speech recogniser hears in the utterances of a run, kept so that no recording is transcribed twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import torch

from mser.audio.decoding import decode
from mser.encoders.cache_files import CheckedCache
from mser.errors import UserError
from mser.manifest import Manifest, Utterance
from mser.runs.fold_predictions import Part
from mser.runs.folder import MANIFEST
from mser.runs.run import Run
from mser.terminal.progress import progress
from mser.use.words.transcribing import Transcriber

_AT_ONCE = 8


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
    if silent := [utterance.id for utterance in wanted if not utterance.audio]:
        raise UserError(f"--asr hears recordings, and {len(silent)} utterances have none, such as {silent[0]}")
    root = Manifest.read(run.folder / MANIFEST).root
    cpu = not torch.cuda.is_available() or any("cpu" in option for option in options)
    listen = Transcriber(recogniser, torch.device("cpu" if cpu else "cuda"))
    cache = CheckedCache(f"heard-1/{listen.digest}", ".json")
    heard: dict[str, str] = {}
    with progress("listening", len(wanted)) as done:
        for begin in range(0, len(wanted), _AT_ONCE):
            several = wanted[begin : begin + _AT_ONCE]
            heard |= _heard(several, root, listen, cache)
            done(len(several))
    return heard


def _heard(several: Sequence[Utterance], root: Path, listen: Transcriber, cache: CheckedCache) -> dict[str, str]:
    clips = {one.id: decode(root / one.audio, one.start, one.end, one.channel) for one in several}
    keys = {name: hashlib.sha256(clip.tobytes()).hexdigest() for name, clip in clips.items()}
    heard = {name: str(json.loads(cached)) for name, key in keys.items() if (cached := cache.get(key))}
    new = [name for name in clips if name not in heard]
    for name, text in zip(new, listen([clips[name] for name in new]), strict=True):
        if text is None:
            raise UserError(
                f"the memory is too small to transcribe {name}; give a smaller recogniser than {listen.called}"
            )
        heard[name] = text
        cache.put(keys[name], json.dumps(text).encode())
    return heard
