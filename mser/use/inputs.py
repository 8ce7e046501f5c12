"""What Python asks about: files, folders, tables, waveforms, bytes, and lists of them."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ParamSpec, TypeVar

from mser.audio.container_kinds import HEAD, container_of
from mser.audio.recording import mono, opened
from mser.audio.wav import BadAudioError
from mser.corpora.table.rows import FORMATS
from mser.errors import UserError
from mser.use.clips import Clip
from mser.use.listed_clips import from_files, from_table, named

P = ParamSpec("P")
T = TypeVar("T")


def by_either_name(method: Callable[P, T]) -> Callable[P, T]:
    """Let ``sampling_rate``, as Hugging Face calls it, stand for a method's ``sample_rate``."""

    @wraps(method)
    def either(*args: P.args, **options: P.kwargs) -> T:
        if "sampling_rate" in options:
            if options.get("sample_rate") is not None:
                raise UserError("sample_rate and sampling_rate were both given, and are one; leave one of them out")
            options["sample_rate"] = options.pop("sampling_rate")
        return method(*args, **options)

    return either


def clips_of(
    audio: Any, transcript: str | Sequence[str | None] | None, sample_rate: int | None, columns: Mapping[str, str]
) -> tuple[Iterable[Clip], bool]:
    """Return the clips, and whether there may be several.

    Raises:
        UserError: if recordings and transcripts do not pair, or a table or folder cannot be read.
    """
    if isinstance(audio, str | Path) and transcript is None:
        path = Path(audio)
        if os.path.isdir(audio):
            return named(from_files([str(audio)], [])), True
        if path.suffix.lower() in FORMATS:
            return named(from_table(path, columns)), True
    if isinstance(audio, list):
        return _paired(audio, transcript, sample_rate), True
    if not (transcript is None or isinstance(transcript, str)):
        raise UserError("one recording was given with a list of transcripts; give lists of both, or one of each")
    return [_clip_of(audio, transcript, sample_rate)], False


def _paired(audio: list[Any], transcript: str | Sequence[str | None] | None, sample_rate: int | None) -> Iterator[Clip]:
    transcripts = [None] * len(audio) if transcript is None else transcript
    if len(transcripts) != len(audio) or isinstance(transcripts, str):
        raise UserError(f"{len(audio)} recordings were given with other than as many transcripts; pair them")
    return (_clip_of(*pair, sample_rate) for pair in zip(audio, transcripts, strict=True))


def _clip_of(audio: Any, transcript: str | None, sample_rate: int | None) -> Clip:
    """Return a clip of a file, of samples, of an open file, or of an audio column of the `datasets` library."""
    name = None
    if isinstance(audio, Mapping):
        name = str(audio["path"]) if audio.get("path") else None
        own = audio.get("sampling_rate", sample_rate)
        if sample_rate not in (None, own):
            raise UserError(f"the recording says {own} samples a second, sample_rate {sample_rate}; give one of them")
        sample_rate = own
        audio = audio["array"] if audio.get("array") is not None else audio.get("bytes") or audio.get("path")
    if isinstance(audio, bytes):
        audio = io.BytesIO(audio)
    if not hasattr(audio, "read"):
        return Clip(audio, transcript, sample_rate=sample_rate, name=name)
    import soundfile

    try:
        if isinstance(audio, io.BytesIO) and container_of(audio.getbuffer()[:HEAD].tobytes()):
            samples, rate = _unpacked(audio)
        else:
            samples, rate = soundfile.read(audio, dtype="float32", always_2d=True)
    except (BadAudioError, OSError, RuntimeError, TypeError) as error:
        message = str(error).rstrip(".")
        return Clip(None, transcript, name=name, error=f"the recording cannot be decoded: {message}; give another")
    return Clip(samples, transcript, sample_rate=rate, name=name)


def _unpacked(audio: io.BytesIO) -> tuple[Any, int]:
    """Return what is heard in a container: (samples,), and their rate."""
    with NamedTemporaryFile() as file:
        file.write(audio.getbuffer())
        file.flush()
        with opened(file.name) as recording:
            return mono(recording.read(0, recording.frames), recording.weights), recording.rate
