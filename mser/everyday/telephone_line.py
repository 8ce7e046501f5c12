"""What a telephone, a low sampling rate and MP3 leave of a recording."""

from __future__ import annotations

import io

import numpy as np
import soundfile
import soxr

from mser.audio.decoding import SAMPLE_RATE, Samples

_LOW, _HIGH, _ORDER = 300.0, 3400.0, 4  # Hz, Hz, of the Butterworth filter
_TELEPHONE = 8000  # samples a second
_DELAY = 1105  # samples that LAME's encoder and the decoder begin late: 576 + 529
_FEWEST_KBITS, _MOST_KBITS = 8, 160  # of MP3 at 16 kHz, which is MPEG 2


def telephone(samples: Samples) -> Samples:
    """Return (N,) samples at 16 kHz as an analogue telephone line hands them on.

    300 to 3400 Hz (a Butterworth band-pass of the fourth order, run both ways), 8000 samples a second in eight bits
    of G.711's mu-law.
    """
    coded = _mu_law(soxr.resample(band_passed(samples), SAMPLE_RATE, _TELEPHONE))
    return _raised(coded, _TELEPHONE, len(samples))


def at_rate(samples: Samples, rate: int) -> Samples:
    """Return (N,) samples at 16 kHz that went through a lower rate: nothing is left above half of it."""
    return _raised(soxr.resample(samples, SAMPLE_RATE, rate), rate, len(samples))


def band_passed(samples: Samples) -> Samples:
    """Return (N,) samples at 16 kHz without what lies outside of 300 to 3400 Hz, not shifted in time.

    The gain is that of the digital Butterworth filter (by the bilinear transform), squared as by running it both ways.
    """
    size = len(samples) + SAMPLE_RATE // 2  # silence behind takes up what the filter spreads in time
    frequency = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    place, low, high = (np.tan(np.pi * hertz / SAMPLE_RATE) for hertz in (frequency[1:-1], _LOW, _HIGH))
    squared = np.zeros(len(frequency))
    squared[1:-1] = 1 / (1 + ((place**2 - low * high) / (place * (high - low))) ** (2 * _ORDER))
    filtered = np.fft.irfft(np.fft.rfft(samples, size) * squared, size)[: len(samples)]
    return filtered.astype(np.float32)


def mp3(samples: Samples, kbits: float) -> Samples:
    """Return (N,) samples at 16 kHz through MP3 at a constant rate.

    Args:
        samples: mono.
        kbits: a second, 8 to 160, of which LAME takes the nearest that MPEG 2 has: 8, 16, 24, 32, 40, 48, 56, 64, ...
    """
    lossy = (_MOST_KBITS - kbits) / (_MOST_KBITS - _FEWEST_KBITS)
    file = io.BytesIO()
    soundfile.write(
        file,
        np.clip(samples, -1, 1),
        SAMPLE_RATE,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=min(lossy, 0.999),  # of 1 libsndfile says that it is none
        bitrate_mode="CONSTANT",
    )
    file.seek(0)
    decoded: Samples = soundfile.read(file, dtype="float32")[0]
    trimmed_already = len(decoded) == len(samples)  # at a low rate LAME's note of the delay does not fit into a frame
    return decoded if trimmed_already else _as_long(decoded[_DELAY:], len(samples))


def _raised(samples: Samples, rate: int, count: int) -> Samples:
    """Return (count,) samples at 16 kHz of those at a lower rate."""
    return _as_long(soxr.resample(samples, rate, SAMPLE_RATE), count)


def _mu_law(samples: Samples) -> Samples:
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples, -1, 1), _TELEPHONE, format="WAV", subtype="ULAW")
    file.seek(0)
    read: Samples = soundfile.read(file, dtype="float32")[0]
    return read


def _as_long(samples: Samples, count: int) -> Samples:
    return np.pad(samples[:count], (0, max(0, count - len(samples))))
