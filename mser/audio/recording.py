"""A recording on disk, opened once: what it is, how long, whether a clip of it can be used, its samples. No torch."""

from __future__ import annotations

import os
import stat
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from mser.audio.container_kinds import HEAD, container_of
from mser.audio.containers import Container
from mser.audio.mp3 import counted_frames
from mser.audio.silence import QUIETEST
from mser.audio.spans import read_span
from mser.audio.wav import LFS_POINTER, RATES, BadAudioError, missing, parse_header, require_moderate, require_regular
from mser.manifest import Seconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Frames = NDArray[np.int16] | NDArray[np.float32]

SAMPLE_RATE = 16_000
TOLERANCE = 0.1
"""Seconds that a clip may end after its file: times are rounded, and so are the lengths that some files promise."""
_BLOCK, _STRETCH = 1 << 20, 2048  # samples


@dataclass(frozen=True, slots=True)
class Recording:
    """An open audio file of any format that libsndfile reads (wav, flac, ogg, mp3, ...), or PyAV (mp4, webm, ...).

    Attributes:
        rate: in Hz.
        channels: how many.
        frames: as many samples in each channel, as the file promises.
        kind: of samples, as libsndfile calls it, such as ``PCM_16``.
        read: gives (frames, channels) from a frame on, so many or as many as there are.
        weights: (channels,) in the mix to one; None for the mean.
    """

    rate: int
    channels: int
    frames: int
    kind: str
    read: Callable[[int, int], Frames]
    weights: Samples | None = None

    def __post_init__(self) -> None:
        """Refuse rates of which nothing can be heard, and by which nobody could divide."""
        if not RATES[0] <= self.rate <= RATES[1]:
            header = f"{self.rate} samples a second, expected {RATES[0]} to {RATES[1]}"
            raise BadAudioError("unreadable", f"has a header that cannot be: {header}")

    @property
    def seconds(self) -> Seconds:
        """How long it is."""
        return self.frames / self.rate

    def only(self, channel: int) -> Recording:
        """Return one of its channels, counted from 1, as a recording.

        Raises:
            BadAudioError: if there is none of that number.
        """
        if not 1 <= channel <= self.channels:
            raise BadAudioError("channel", f"has {self.channels} channel(s), but channel {channel} was asked for")
        return replace(
            self,
            channels=1,
            weights=None,
            read=lambda first, count: self.read(first, count)[:, channel - 1 : channel],
        )

    @property
    def unusual(self) -> list[str]:
        """What its owner should know, though it can be used."""
        notes = [f"{self.channels} channels mixed to one"] if self.channels > 1 else []
        if self.rate != SAMPLE_RATE:
            notes.append(f"resampled from {self.rate} Hz")
        return [*notes, "8 bits a sample"] if self.kind in ("PCM_U8", "PCM_S8") else notes

    def part(self, start: Seconds, end: Seconds | None) -> tuple[int, int]:
        """Return the first frame of a clip and the one behind its last, both within the file."""
        first = min(round(start * self.rate), self.frames)
        return first, self.frames if end is None else max(min(round(end * self.rate), self.frames), first)

    def clip(self, start: Seconds, end: Seconds | None) -> Iterator[Samples]:
        """Yield the samples of a clip that can be used, (samples,) in [-1, 1], the mean of the channels, by the block.

        Raises:
            BadAudioError: if the file ends before the clip does, and, after the last block, if the clip is silent or
                holds samples that are NaN, infinite or far outside -1..1.
        """
        if not self.frames:
            raise BadAudioError("empty", "holds no samples")
        if start >= self.seconds or (end or 0) > self.seconds + TOLERANCE:
            wanted = f"from {start:.2f} s on" if end is None else f"from {start:.2f} to {end:.2f} s"
            raise BadAudioError("time", f"lasts {self.seconds:.2f} s, but the clip is {wanted}")
        first, last = self.part(start, end)
        place, low, high, loudest = first, float("inf"), -float("inf"), 0.0
        while place < last:
            frames = self.read(place, min(_BLOCK, last - place))
            block = mono(frames, self.weights)
            if not len(block):
                break
            if not self.kind.startswith("PCM"):
                if not abs(float(block.sum())) < float("inf"):
                    raise BadAudioError("nan", "holds samples that are no numbers")
                require_moderate(float(abs(block).max()))
            if high - low < QUIETEST:
                low, high = _extremes(block, low, high)
                sides = map(mono, _sides(frames)) if self.channels > 1 else ()
                loudest = max(loudest, high - low, *(float(side.max() - side.min()) for side in sides))
            place += len(block)
            yield block
        if last - place > TOLERANCE * self.rate:
            message = f"is cut short: it promises {last - first} samples and holds {place - first}"
            raise BadAudioError("truncated", message)
        if high - low < QUIETEST <= loudest:
            message = f"is silent once its {self.channels} channels are mixed: they cancel each other"
            raise BadAudioError("silent", message)
        if high - low < QUIETEST:
            raise BadAudioError("silent", "is silent")


def _sides(frames: Frames) -> list[Frames]:
    """Return each channel, (frames, 1), where there are several."""
    return [frames[:, side : side + 1] for side in range(frames.shape[1])]


def _extremes(block: Samples, low: float, high: float) -> tuple[float, float]:
    """Return the least and the greatest sample so far; as a rule a stretch of the middle tells enough."""
    middle = len(block) // 2
    for part in (block[middle : middle + _STRETCH], block):
        low, high = min(low, float(part.min())), max(high, float(part.max()))
        if high - low >= QUIETEST:
            break
    return low, high


@contextmanager
def opened(path: str | Path, *, whole: bool = True, channel: int | None = None) -> Iterator[Recording]:
    """Open a recording; the file is opened once, whatever is asked of it.

    Args:
        path: where it lies.
        whole: whether to refuse a wav file that was cut short, which libsndfile takes for a shorter one, or whose
            header contradicts itself, of which it believes the half.
        channel: the only one to hear, counted from 1; all, mixed, when None.

    Raises:
        BadAudioError: if the file is missing, empty, cut short or no audio.
    """
    try:
        about = os.stat(path)
        if stat.S_ISDIR(about.st_mode):
            raise BadAudioError("missing", "has no audio file")
        require_regular(path)
        if not about.st_size:
            raise BadAudioError("empty", "is an empty file of 0 bytes")
        with open(path, "rb") as file:
            if kind := container_of(file.read(HEAD)):
                recording = _contained(Container(Path(path), about, kind), whole=whole)
            else:
                if whole:
                    _require_whole_wav(file, about.st_size)
                recording = _plain(file, about.st_size) or _any(file)
            yield recording if channel is None else recording.only(channel)
    except FileNotFoundError as error:
        raise missing(path) from error
    except ValueError as error:  # a name may hold what no file's can
        raise BadAudioError("missing", "has no audio file") from error
    except (OSError, RuntimeError) as error:  # libsndfile's are `RuntimeError`
        message = getattr(error, "strerror", None) or str(error).partition(": ")[2] or str(error)
        reason = message.rstrip(".") or "its samples are broken"
        raise BadAudioError("unreadable", f"cannot be decoded: {reason}") from error


def _contained(sound: Container, *, whole: bool) -> Recording:
    """Return what PyAV reads of a container."""
    about = sound.layout
    if whole and about.promised - about.frames / about.rate > max(TOLERANCE, 0.01 * about.promised):
        held = f"its header promises {about.promised:.1f} s, it holds {about.frames / about.rate:.1f} s"
        raise BadAudioError("truncated", f"is cut short: {held}")
    return Recording(about.rate, about.channels, about.frames, about.codec, sound.read, about.weights)


def _plain(file: BinaryIO, size: int) -> Recording | None:
    """Return a whole wav file in 16 bits; None for anything else.

    Most corpora are such files, which Python reads in a third of the time that libsndfile takes.
    """
    file.seek(0)
    try:
        header = wave.open(file)
    except (wave.Error, EOFError):
        return None
    channels, frames = header.getnchannels(), header.getnframes()
    # Its samples begin where the header ends; a length may be a dummy, or that of a file before it was cut.
    if header.getsampwidth() != 2 or not frames or 2 * channels * frames > size - file.tell():
        return None

    def read(first: int, count: int) -> Frames:
        import numpy as np

        header.setpos(first)
        return np.frombuffer(header.readframes(count), np.int16).reshape(-1, channels)

    return Recording(header.getframerate(), channels, frames, "PCM_16", read)


def _any(file: BinaryIO) -> Recording:
    """Return what libsndfile reads of an open file."""
    import soundfile

    file.seek(0)
    if file.read(len(LFS_POINTER)) == LFS_POINTER:
        raise BadAudioError("pointer", "is a pointer of Git LFS, not the audio itself; fetch it with `git lfs pull`")
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    sound = soundfile.SoundFile(file.fileno(), closefd=False)
    dtype = "int16" if sound.subtype == "PCM_16" else "float32"  # the same numbers at a third of the price

    def read(first: int, count: int) -> Frames:
        frames: Frames
        if sound.tell() == first:  # an mp3 is decoded on from where it is at a better price
            frames = sound.read(count, dtype=dtype, always_2d=True)
        else:
            frames = read_span(sound, first, count, dtype)
        return frames

    frames = _promised(file, sound.format, sound.frames, sound.samplerate)
    return Recording(sound.samplerate, sound.channels, frames, sound.subtype, read)


def _promised(file: BinaryIO, kind: str, frames: int, rate: int) -> int:
    """Return how many frames can be read, which an MP3 file may not say itself.

    Raises:
        BadAudioError: if libsndfile would not read all of them.
    """
    counted = counted_frames(file) if kind == "MP3" else None
    if counted and counted - frames > TOLERANCE * rate:
        message = f"is an MP3 file that does not say how long it is: {frames / rate:.1f} of its {counted / rate:.1f} s"
        raise BadAudioError("unreadable", f"{message} can be read; convert it to wav or flac")
    return min(frames, counted or frames)


def _require_whole_wav(file: BinaryIO, size: int) -> None:
    file.seek(0)
    try:
        parse_header(file, size)
    except BadAudioError as error:
        if error.kind in ("empty", "truncated", "pointer", "changed", "header"):
            raise


def mono(frames: Frames, weights: Samples | None = None) -> Samples:
    """Return (samples,) in [-1, 1] of (frames, channels): their mean, or their sum by the weights of each."""
    import numpy as np

    whole = frames.dtype == np.int16
    floats = np.multiply(frames, np.float32(2**-15), dtype=np.float32) if whole else cast("Samples", frames)
    if weights is not None:
        return floats @ weights
    return floats[:, 0] if floats.shape[1] == 1 else floats.mean(axis=1)
