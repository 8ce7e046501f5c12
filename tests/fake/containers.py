"""Writes sound into containers with PyAV, and decodes all of it as FFmpeg does."""

from pathlib import Path

import av
import numpy as np

EXPERIMENTAL = {"vorbis": {"strict": "experimental"}}


def speech(seconds, rate, channels=1):
    """Noise and tones that come and go, each part of them different from the next; (samples, channels)."""
    chance = np.random.default_rng(0)
    time = np.arange(round(seconds * rate)) / rate
    loud = np.sin(2 * np.pi * 1.3 * time) ** 2
    tones = [np.sin(2 * np.pi * (150 + 40 * side) * time + 5 * np.sin(0.7 * time)) for side in range(channels)]
    return np.stack([0.3 * loud * tone + chance.normal(0, 0.03, len(time)) for tone in tones], 1).astype(np.float32)


def write(path: Path, codec: str, samples, rate: int, layout: str = "mono", picture: bool = False) -> Path:
    """Write (samples, channels), with a moving picture where one is wanted."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
    frame.sample_rate = rate
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=10, width=16, height=16, pix_fmt="yuv420p") if picture else None
        stream = out.add_stream(codec, rate=rate, layout=layout, options=EXPERIMENTAL.get(codec, {}))
        if codec == "wmav2":
            stream.bit_rate = 96_000
        size = 0 if codec.startswith("pcm") else stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(stream.format.name, layout, rate, size)
        done = 0
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            part.pts = done
            done += part.samples
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
        if video:
            for _ in range(round(len(samples) / rate * 10)):
                out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")))
            out.mux(video.encode(None))
    return path


def decoded(path: Path):
    """Return (samples, channels) of floats of all that FFmpeg decodes, one packet after the other."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp")
        parts = [part.to_ndarray() for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(parts, 1).T
