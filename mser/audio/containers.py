"""The sound of mp4, m4a, webm, mkv, aac, wma and other containers, which PyAV decodes (extra av). No torch.

A file is decoded in blocks of about 30 s, each by a decoder of its own that begins a little before it. So a span has
the samples that reading all of the file gives there, though decoders draw noise that depends on all that they have
heard, and though time stamps may be rounded to a millisecond; and a span deep in a long file costs no more than others.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mser.audio.container_kinds import in_words
from mser.audio.wav import BadAudioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

BLOCK, LEAD = 30.0, 5.0
"""Seconds that are decoded at once, and before them: Opus agrees with itself two seconds after a seek."""
_GUESSED = ("aac", "mpeg", "mpegts", "amr")  # how long they are, FFmpeg tells from their bit rate
_PADDING = 4096  # samples: what an encoder adds to fill up the last packet, which an MP4 file says is not to be heard


def can_read_containers() -> bool:
    """Return whether PyAV is installed."""
    return find_spec("av") is not None


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a recording that is decoded on its own.

    Attributes:
        first: its first sample.
        packet: the packet that its decoder begins with, and its time stamp.
        passed: packets from there on whose samples belong to the block before.
    """

    first: int
    packet: tuple[int, int | None]
    passed: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What a container holds of sound, as decoding all of it tells.

    Attributes:
        rate: in Hz.
        channels: how many.
        weights: (channels,) of each in the mix to one, as FFmpeg mixes such a layout; None for the mean.
        codec: its name.
        frames: samples in each channel.
        promised: seconds that its header promises; 0 where it does not.
        blocks: in order; never empty.
    """

    rate: int
    channels: int
    weights: Samples | None
    codec: str
    frames: int
    promised: float
    blocks: tuple[Block, ...]


class Container:
    """The first sound track of a container.

    Args:
        path: where it lies.
        about: of the file.
        kind: as `container_of` tells it.

    Attributes:
        layout: what it holds.

    Raises:
        BadAudioError: if PyAV is not installed, or the file holds no sound or cannot be decoded.
    """

    def __init__(self, path: Path, about: os.stat_result, kind: str) -> None:
        # What is remembered is that of this very file.
        self._file = path.absolute(), kind, (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)
        self.layout = _layout(*self._file)

    def read(self, first: int, count: int) -> Samples:
        """Return (frames, channels) from a frame on, so many or as many as there are."""
        import numpy as np

        last, parts = min(first + count, self.layout.frames), []
        bounds = [*(block.first for block in self.layout.blocks), self.layout.frames]
        for number, (begin, end) in enumerate(pairwise(bounds)):
            if begin < last and end > first:
                part = _decoded(*self._file, number)
                parts.append(part[max(first - begin, 0) : last - begin])
        return np.concatenate(parts) if parts else np.empty((0, self.layout.channels), np.float32)


@lru_cache(maxsize=1 << 14)
def _layout(path: Path, kind: str, stamp: tuple[int, ...]) -> Layout:
    """Return the layout of a file, all of which is decoded for it, once in a process."""
    lately: deque[tuple[int, int | None, int]] = deque()  # packets, their time stamps, how many samples came before
    blocks, samples, ordinal, format_ = [Block(0, (0, None), 0)], 0, 0, None
    with _track(path, kind) as (container, stream):
        promised = 0.0 if kind in _GUESSED else _promised(container, stream)
        rate, layout, codec = stream.codec_context.sample_rate, None, stream.codec_context.name
        for ordinal, (packet, frames) in enumerate(_packets(container, stream)):
            if frames and samples - blocks[-1].first >= BLOCK * (format_ or (rate,))[0]:
                while len(lately) > 1 and samples - lately[1][2] >= LEAD * rate:
                    lately.popleft()
                blocks.append(Block(samples, lately[0][:2], ordinal - lately[0][0]))
            if not lately or packet.pts is None or packet.pts != lately[-1][1]:
                lately.append((ordinal, packet.pts, samples))
            for frame in frames:
                layout = layout or frame.layout
                _require_steady(format_, now := (frame.sample_rate, len(frame.layout.channels)), samples)
                format_, rate = now, frame.sample_rate
                samples += frame.samples
            while samples - lately[0][2] > 2 * (LEAD + 1) * rate and len(lately) > 2:
                lately.popleft()
    if format_ is None:
        raise BadAudioError("empty", "holds no samples")
    frame_count = round(promised * rate)
    if kind == "mov" and frame_count < samples <= frame_count + _PADDING:
        samples = max(frame_count, blocks[-1].first)
    return Layout(*format_, _weights(layout, *format_), codec, samples, promised, tuple(blocks))


def _require_steady(before: tuple[int, int] | None, now: tuple[int, int], samples: int) -> None:
    if before and before != now:
        changed = f"{before[1]} channels at {before[0]} Hz to {now[1]} at {now[0]} Hz"
        raise BadAudioError(
            "unreadable", f"changes after {samples / before[0]:.1f} s from {changed}; convert it to wav"
        )


@lru_cache(maxsize=2)
def _decoded(path: Path, kind: str, stamp: tuple[int, ...], number: int) -> Samples:
    """Return (frames, channels) of a block."""
    import numpy as np

    layout = _layout(path, kind, stamp)
    block = layout.blocks[number]
    end = layout.blocks[number + 1].first if number + 1 < len(layout.blocks) else layout.frames
    parts, lacking = [], end - block.first
    for _, frames in _from(path, kind, block):
        for frame in frames:
            parts.append(_floats(frame))
            lacking -= frame.samples
        if lacking <= 0:
            break
    samples = np.concatenate(parts)[: end - block.first]
    samples.flags.writeable = False
    return samples


def _from(path: Path, kind: str, block: Block) -> Iterator[tuple[Any, list[Any]]]:
    """Yield the packets of a block and of what follows, with their samples."""
    ordinal, pts = block.packet
    if ordinal and pts is not None:
        with _track(path, kind) as (container, stream):
            container.seek(pts, stream=stream, backward=True)
            samples = _begun(container, stream, pts)
            if samples is not None:
                yield from islice(_packets(container, stream, samples, shaky=block.passed), block.passed, None)
                return
    with _track(path, kind) as (container, stream):  # from its beginning, where a seek does not lead
        demuxed = container.demux(stream)
        for _ in range(ordinal):
            next(demuxed)
        yield from islice(_packets(container, stream, demuxed, shaky=block.passed), block.passed, None)


def _begun(container: Any, stream: Any, pts: int) -> Iterator[Any] | None:
    """Return the packets from the one of a time stamp on; None where the container is past it."""
    demuxed = container.demux(stream)
    for packet in demuxed:
        if packet.pts is None or packet.pts > pts:
            return None
        if packet.pts == pts:
            return _with(packet, demuxed)
    return None


def _with(packet: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield packet
    yield from rest


def _packets(
    container: Any, stream: Any, demuxed: Iterator[Any] | None = None, *, shaky: int = 0
) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each packet and the frames of samples that come out of it.

    Args:
        container: that is open.
        stream: the sound track.
        demuxed: its packets; all of them when None.
        shaky: how many of the first may fail: they can lean on earlier ones.
    """
    import av

    try:
        for number, packet in enumerate(demuxed or container.demux(stream)):
            try:
                yield packet, stream.codec_context.decode(packet)
            except av.InvalidDataError:
                if number >= shaky:
                    raise
                yield packet, []
    except av.FFmpegError as error:
        raise _unreadable(error) from error


@contextmanager
def _track(path: Path, kind: str) -> Iterator[tuple[Any, Any]]:
    """Open a file's first sound track."""
    try:
        import av
    except ImportError as error:
        hint = "run pip install 'multimodal-ser[av]', or convert it to wav or flac"
        raise BadAudioError("unreadable", f"is a file of kind {in_words(kind)}, which needs PyAV: {hint}") from error
    with open(path, "rb") as file:
        try:
            container = av.open(file, format=kind, metadata_errors="replace")
        except av.FFmpegError as error:
            raise _unreadable(error) from error
        with container:
            if not container.streams.audio:
                raise BadAudioError("unreadable", "holds no sound track")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise BadAudioError("unreadable", "has a sound track of a codec that PyAV does not know")
            stream.codec_context.thread_count = 1
            yield container, stream


def _unreadable(error: Exception) -> BadAudioError:
    message = getattr(error, "strerror", None) or str(error)
    return BadAudioError("unreadable", f"cannot be decoded: {message}")


def _promised(container: Any, stream: Any) -> float:
    """Return the seconds that a header promises of the sound track."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    alone = len(container.streams) == 1
    return container.duration / 1e6 if container.duration and alone else 0.0


def _floats(frame: Any) -> Samples:
    """Return (samples, channels) in [-1, 1] of a frame."""
    import numpy as np

    samples = frame.to_ndarray()
    samples = samples.T if frame.format.is_planar else samples.reshape(-1, len(frame.layout.channels))
    if samples.dtype.kind == "f":
        return np.asarray(samples, np.float32)
    bits = 8 * samples.dtype.itemsize
    middle = 128 if samples.dtype.kind == "u" else 0
    return np.asarray((samples.astype(np.float64) - middle) / 2.0 ** (bits - 1), np.float32)


def _weights(layout: Any, rate: int, channels: int) -> Samples | None:
    """Return the weight of each channel in FFmpeg's mix to one, in sum 1: the mix of a sample that is 1 in it, else 0.

    The low-frequency channel has none, and the centre, from which one speaks, the most.
    """
    import av
    import numpy as np

    if channels <= 2:
        return None
    try:
        frame = av.AudioFrame.from_ndarray(np.eye(channels, dtype=np.float32), format="fltp", layout=layout.name)
        frame.sample_rate = rate
        mixed = av.AudioResampler(format="flt", layout="mono", rate=rate).resample(frame)[0].to_ndarray()
    except (av.FFmpegError, ValueError):  # channels that nobody knows where they stand
        return None
    return np.asarray(mixed[0, :channels] / mixed[0, :channels].sum(), np.float32)
