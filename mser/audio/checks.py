"""Whether clips of a recording can be used, how long it is and of what format. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from mser.audio.recording import Recording, opened
from mser.audio.wav import BadAudioError, WavHeader
from mser.manifest import Seconds


class Usable(NamedTuple):
    """How long a clip is whose audio can be used, and how many channels are heard in it, mixed."""

    seconds: Seconds
    channels: int


def check_recording(
    path: Path, start: Seconds = 0.0, end: Seconds | None = None, channel: int | None = None
) -> Seconds:
    """Return how long a clip is whose audio can be used: all of its samples are read.

    Args:
        path: any format that libsndfile reads.
        start: where it begins in the file.
        end: where it ends; at the file's end when None.
        channel: the only one to hear, counted from 1; all, mixed, when None.

    Raises:
        BadAudioError: if the file is missing, empty, cut short or no audio, if it lacks the channel or ends before the
            clip does, or if the clip is silent or holds NaN or infinite samples, or such that are far outside -1..1.
    """
    with opened(path, channel=channel) as recording:
        return sum(map(len, recording.clip(start, end))) / recording.rate


def check_clips(
    path: Path, spans: Iterable[tuple[Seconds, Seconds | None]], channel: int | None = None
) -> Iterator[Usable | BadAudioError]:
    """Yield for each clip of a file how long it is, or what `check_recording` would raise; the file is opened once.

    Args:
        path: as there.
        spans: where in the file each clip begins and ends.
        channel: as there.
    """
    problem: BadAudioError | None = None
    with ExitStack() as stack:
        try:
            recording = stack.enter_context(opened(path, channel=channel))
        except BadAudioError as error:
            problem = error
        for start, end in spans:
            yield problem or _usable(path, recording, (start, end), channel)


def _usable(
    path: Path, recording: Recording, span: tuple[Seconds, Seconds | None], channel: int | None
) -> Usable | BadAudioError:
    try:
        return Usable(sum(map(len, recording.clip(*span))) / recording.rate, recording.channels)
    except (BadAudioError, OSError, RuntimeError, ValueError):
        try:  # the clip before may have failed too, and left the file nobody knows where
            return Usable(check_recording(path, *span, channel), recording.channels)
        except BadAudioError as error:
            return error


def header_of(path: str | Path) -> WavHeader:
    """Return the format of a recording, whatever it is.

    Raises:
        BadAudioError: if the file is missing, empty, cut short or no audio.
    """
    with opened(path) as recording:
        return WavHeader(recording.rate, recording.channels, recording.frames, not recording.kind.startswith("PCM"))


def recording_length(path: Path) -> Seconds:
    """Return how long a recording is; none of its samples are read.

    Raises:
        BadAudioError: if the file is missing, empty, cut short or no audio.
    """
    with opened(path) as recording:
        return recording.seconds
