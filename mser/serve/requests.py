"""What a request asks of the model: an upload as a file, and its clips answered. Knows nothing of HTTP."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Literal

from mser.errors import UserError
from mser.manifest import Seconds
from mser.serve.batcher import Batcher
from mser.use.clips import Clip
from mser.use.listed_clips import SPLIT, Listed, ListedClip, named, of_channel
from mser.use.model import Prediction
from mser.use.segments import cut, way_to_cut

_WINDOW: Seconds = 10.0
_AT_ONCE = 64  # clips of one request that wait together


@dataclass(frozen=True)
class Cutting:
    """How a recording is cut into segments.

    Attributes:
        window: seconds of each, 10 when None; of speech the most of it, 15 when None.
        hop: from one window to the next; half of it when None.
        vad: cut where somebody speaks.
        channel: a channel's number, ``split``, or None, which mixes them.
    """

    window: Seconds | None = None
    hop: Seconds | None = None
    vad: bool = False
    channel: str | None = None


@contextmanager
def kept(upload: BinaryIO) -> Iterator[str]:
    """Give the path of a file that holds what was uploaded, for as long as it is asked about."""
    with NamedTemporaryFile(prefix="mser-serve-") as file:
        shutil.copyfileobj(upload, file)
        file.flush()
        yield file.name


def called(filename: str | None) -> str:
    r"""Return what to call an upload: its name without folders.

    Example:
        >>> called("C:\\calls\\anna.wav"), called("../anna.wav"), called(None)
        ('anna.wav', 'anna.wav', 'the recording')
    """
    return os.path.basename((filename or "").replace("\\", "/")) or "the recording"


def answer(batcher: Batcher, clip: Clip) -> Prediction:
    """Return what the model says of a clip.

    Raises:
        UserError: if it cannot be used.
    """
    prediction = batcher.put(batcher.model.prepared(clip, batcher.batch_seconds)).result()
    if prediction.error:
        raise UserError(prediction.error)
    return prediction


def answer_segments(batcher: Batcher, path: str, name: str, how: Cutting) -> list[Prediction]:
    """Return what the model says of each segment of a recording.

    Raises:
        UserError: if it cannot be cut, or heard at all.
    """
    window = how.window if how.window or how.vad else _WINDOW
    by = way_to_cut("vad" if how.vad else "window", window, how.hop)
    listed = Listed(lambda: iter([ListedClip(name, path, None)]))
    if how.channel:
        listed = of_channel(listed, _channel(how.channel))
    answers = list(_answers(batcher, cut(named(listed), by, reads="text" in batcher.model.settings.modalities)))
    if len(answers) == 1 and answers[0].error:
        raise UserError(answers[0].error)
    return answers


def _answers(batcher: Batcher, clips: Iterable[Clip]) -> Iterator[Prediction]:
    """Yield the answers in their order; no more than a few clips wait at a time."""
    todo, underway = iter(clips), deque[Future[Prediction]]()
    while True:
        for clip in islice(todo, _AT_ONCE - len(underway)):
            underway.append(batcher.put(batcher.model.prepared(clip, batcher.batch_seconds)))
        if not underway:
            return
        yield underway.popleft().result()


def _channel(text: str) -> int | Literal["split"]:
    if text == SPLIT:
        return SPLIT
    if not text.isdecimal() or not int(text):
        raise UserError(f"the channel is {text!r}; expected its number from 1, or {SPLIT}")
    return int(text)
