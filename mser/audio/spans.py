"""Part of an audio file, as the same samples that reading all of it would give, whatever the codec."""

from __future__ import annotations

from typing import Any

from mser.manifest import Seconds

LEAD: Seconds = 10.0
"""Read before a span of a lossy codec, and cut off again. After a seek libsndfile gives other samples for a while: Opus
for up to two seconds, MP3 until it has the bits that earlier frames keep; Vorbis lands late near the file's end."""
_LOSSY = ("VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")


def read_span(file: Any, first: int, frames: int, dtype: str = "float32") -> Any:
    """Return (frames, channels) of an open `soundfile.SoundFile`, fewer where it ends before.

    Args:
        file: open for reading.
        first: where to begin.
        frames: how many to read; all that follow when negative.
        dtype: of the samples.
    """
    lead = min(first, round(LEAD * file.samplerate)) if file.subtype in _LOSSY else 0
    file.seek(first - lead)
    return file.read(frames if frames < 0 else frames + lead, dtype=dtype, always_2d=True)[lead:]
