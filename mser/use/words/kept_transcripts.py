"""What a speech recogniser hears in utterances, kept by content in ``$MSER_CACHE``: nothing is transcribed twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from mser.audio.decoding import decode
from mser.encoders.cache_files import CheckedCache
from mser.errors import UserError
from mser.manifest import Utterance
from mser.terminal.progress import progress
from mser.use.words.transcribing import Transcriber

_AT_ONCE = 8


def heard_in(utterances: Sequence[Utterance], root: Path, listen: Transcriber) -> dict[str, str]:
    """Return what is heard in each utterance, by id; empty where no words are.

    Args:
        utterances: whose recordings to hear.
        root: the folder that their audio paths are relative to.
        listen: the recogniser.

    Raises:
        UserError: if an utterance has no recording, one cannot be read, or the memory is too small for one.
    """
    if silent := [utterance.id for utterance in utterances if not utterance.audio]:
        raise UserError(f"--asr hears recordings, and {len(silent)} utterances have none, such as {silent[0]}")
    cache = CheckedCache(f"heard-1/{listen.digest}", ".json")
    heard: dict[str, str] = {}
    with progress("listening", len(utterances)) as done:
        for begin in range(0, len(utterances), _AT_ONCE):
            several = utterances[begin : begin + _AT_ONCE]
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
