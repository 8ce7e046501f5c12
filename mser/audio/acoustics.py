"""What a recording is like apart from what is said in it: how long, how loud, how much silence, how wide its band.

A frame is 25 ms, a new one begins each 10 ms; it is silent if its power is 30 dB or more under that of the loudest
frame. Levels are in dB of full scale, no less than `QUIETEST`. All is measured at the recording's own sampling rate, of
the mean of its channels, and all but the peak without its constant part (DC).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mser.audio.recording import mono, opened
from mser.audio.wav import BadAudioError
from mser.manifest import Seconds

QUIETEST = -120.0
"""dB: what digital silence is given instead of minus infinity."""
FULL_SCALE = -0.1
"""dB: a peak above it is at full scale: the recording was scaled up to it, or is cut off there."""
SILENT = 30.0
"""dB that a silent frame lies under the loudest."""
_FRAME, _HOP = 0.025, 0.01  # seconds
_WINDOW = 1024  # samples of a spectrum
_WINDOWS = 4096  # spectra at a time, so that an hour fits into memory
_SOFTEST = 0.1  # quantile
_BAND, _FALLS_WITHIN, _LOUD = (1000.0, 4000.0), 0.05, 15.0  # Hz, seconds, dB
_FAINT = 60.0  # dB under the strongest frequency: nothing is there but what rounding leaves
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measures:
    """What one recording is like.

    Attributes:
        duration: seconds.
        level: root mean square, dB of full scale.
        peak: greatest sample, dB of full scale; see `FULL_SCALE`.
        silence_start: seconds before the first frame that is not silent.
        silence_end: seconds after the last one.
        silence_share: share of the frames that are silent, 0..1.
        zero_crossings: per second.
        bandwidth: Hz, the highest frequency whose mean power is within 60 dB of the strongest one's.
        floor: dB of full scale, the level of the softest tenth of the frames: noise, or what a denoiser left of it. NaN
            where it was not measured, in runs from before there was such a measure; so is the next.
        fall: dB by which the level between 1 and 4 kHz falls within 50 ms where it falls fast (95 % quantile over the
            frames within 15 dB of the loudest): an echo lets it fall slowly.
    """

    duration: float
    level: float
    peak: float
    silence_start: float
    silence_end: float
    silence_share: float
    zero_crossings: float
    bandwidth: float
    floor: float = float("nan")
    fall: float = float("nan")


NAMES = tuple(field.name for field in fields(Measures))
LATER = ("floor", "fall")
"""What runs from before do not have."""


def measure_file(path: Path, start: Seconds = 0.0, end: Seconds | None = None, channel: int | None = None) -> Measures:
    """Return the measures of a span of an audio file.

    Args:
        path: any format that `mser.audio.recording` reads.
        start: where to begin.
        end: where to stop; at the file's end when None or beyond it.
        channel: the only one to hear, counted from 1; all, mixed, when None.

    Raises:
        BadAudioError: if the file is missing or no audio, lacks the channel, holds nothing in the span, or samples
            that are no numbers.
    """
    with opened(path, whole=False, channel=channel) as recording:
        first, last = recording.part(start, end)
        samples, rate = mono(recording.read(first, last - first), recording.weights), recording.rate
    if not len(samples):
        raise BadAudioError("empty", "holds no samples")
    if not np.isfinite(samples).all():
        raise BadAudioError("nan", "holds samples that are no numbers")
    return measured(samples, rate)


def measured(samples: Floats, rate: int) -> Measures:
    """Return the measures of (N,) samples in [-1, 1], N at least 1.

    Example:
        >>> time = np.arange(16_000) / 16_000
        >>> tone = np.where(time < 0.5, np.sin(2 * np.pi * 1000 * time), 0).astype(np.float32)
        >>> found = measured(tone, 16_000)
        >>> round(found.level, 1), round(found.peak, 1), round(found.silence_end, 1), round(found.zero_crossings, -1)
        (-6.0, 0.0, 0.5, 1000.0)
    """
    peak = float(np.abs(samples).max())
    centred = samples - samples.mean()
    power = _frame_powers(centred, rate)
    start, end, share = _silence(power, len(centred), rate)
    signs = np.signbit(centred)
    measures = Measures(
        duration=len(samples) / rate,
        level=_decibel(float(np.mean(np.square(centred, dtype=np.float64)))),
        peak=_decibel(peak**2),
        silence_start=start,
        silence_end=end,
        silence_share=share,
        zero_crossings=float(np.count_nonzero(signs[1:] != signs[:-1])) * rate / len(samples),
        bandwidth=_bandwidth(centred, rate),
        floor=_decibel(float(np.quantile(power, _SOFTEST))),
        fall=_fall(centred, rate),
    )
    return Measures(*(round(float(value), 6) for value in astuple(measures)))


def silence_of(samples: Floats, rate: int) -> tuple[Seconds, Seconds, float]:
    """Return the seconds of silence at the start and at the end of (N,) samples, and the share of silent frames."""
    return _silence(_frame_powers(samples, rate), len(samples), rate)


def _silence(power: NDArray[np.float64], count: int, rate: int) -> tuple[Seconds, Seconds, float]:
    if not power.max() > 10 ** (QUIETEST / 10):
        return count / rate, 0.0, 1.0
    frame, hop = _frame_and_hop(count, rate)
    audible = np.flatnonzero(power > power.max() * 10 ** (-SILENT / 10))
    end = count - (int(audible[-1]) * hop + frame)
    return int(audible[0]) * hop / rate, float(end) / rate, 1 - len(audible) / len(power)


def _frame_and_hop(count: int, rate: int) -> tuple[int, int]:
    return min(round(_FRAME * rate), count), max(1, round(_HOP * rate))


def _frame_powers(samples: Floats, rate: int) -> NDArray[np.float64]:
    """Return the mean power of each frame."""
    frame, hop = _frame_and_hop(len(samples), rate)
    sums = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    starts = np.arange(0, len(samples) - frame + 1, hop)
    return np.asarray((sums[starts + frame] - sums[starts]) / frame)


def _fall(samples: Floats, rate: int) -> float:
    """Return `Measures.fall`; 0 of what is too short to tell."""
    frame, hop = _frame_and_hop(len(samples), rate)
    places = np.fft.rfftfreq(frame, 1 / rate)
    band = (places >= _BAND[0]) & (places <= _BAND[1])
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame)[::hop]
    shape = np.hanning(frame).astype(np.float32)
    powers = [_power_in(frames[begin : begin + _WINDOWS] * shape, band) for begin in range(0, len(frames), _WINDOWS)]
    level = 10 * np.log10(np.maximum(np.concatenate(powers), 1e-12))
    later = round(_FALLS_WITHIN * rate / hop)
    before, after = level[:-later], level[later:]
    loud = before > np.quantile(level, 0.95) - _LOUD
    if not loud.any() or np.ptp(level) == 0:
        return 0.0
    return float(np.quantile((before - after)[loud], 0.95))


def _power_in(frames: Floats, band: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray((np.abs(np.fft.rfft(frames)[:, band]) ** 2).sum(1))


def _bandwidth(samples: Floats, rate: int) -> float:
    lacking = -len(samples) % _WINDOW
    windows = np.pad(samples, (0, lacking)).reshape(-1, _WINDOW)
    shape = np.hanning(_WINDOW).astype(np.float32)
    power = np.zeros(_WINDOW // 2 + 1)
    for begin in range(0, len(windows), _WINDOWS):
        spectra = np.fft.rfft(windows[begin : begin + _WINDOWS] * shape)
        power += (spectra.real**2 + spectra.imag**2).sum(0)
    if not power.max() > 0:
        return 0.0
    return float(np.flatnonzero(power > power.max() * 10 ** (-_FAINT / 10))[-1]) * rate / _WINDOW


def _decibel(power: float) -> float:
    return max(QUIETEST, 10 * np.log10(power)) if power > 0 else QUIETEST
