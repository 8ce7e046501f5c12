"""Each everyday change against an implementation of its own: scipy's, G.711's formula, PyAV's, pyroomacoustics'."""

import io

import av
import numpy as np
import pytest
import soundfile
from scipy.signal import butter, fftconvolve, sosfiltfilt

from mser.everyday import telephone_line
from mser.everyday.changes import CHANGES, changed
from mser.everyday.simulated_room import _response

RATE = 16_000


@pytest.fixture(scope="module")
def speech():
    """Half a second of silence, a second of something like a voice, and a quarter of silence."""
    rng = np.random.default_rng(3)
    time = np.arange(RATE) / RATE
    voice = sum(np.sin(2 * np.pi * 140 * k * time + rng.uniform(0, 6)) / k for k in range(1, 50))
    voice *= 0.1 * (1.2 + np.sin(2 * np.pi * 4 * time)) * np.minimum(1, 20 * np.minimum(time, 1 - time))
    clip = np.concatenate([np.zeros(RATE // 2), voice, np.zeros(RATE // 4)]) + 1e-5 * rng.standard_normal(7 * RATE // 4)
    return clip.astype(np.float32)


def after(clip, kind, level=0.0, seed=0):
    return changed(clip, kind, level, np.random.default_rng(seed))


def rms(clip):
    return np.sqrt(np.mean(clip.astype(float) ** 2))


def test_trimmed_begins_and_ends_with_the_voice(speech):
    cut = after(speech, "trimmed")
    frames = [rms(speech[at : at + 400]) for at in range(0, len(speech) - 399, 160)]
    loud = [place for place, level in enumerate(frames) if level > max(frames) / 10**1.5]
    np.testing.assert_array_equal(cut, speech[160 * loud[0] : 160 * loud[-1] + 400])
    np.testing.assert_array_equal(after(cut, "trimmed"), cut)


def test_the_level_is_what_was_asked(speech):
    assert rms(after(speech, "levelled")) == pytest.approx(0.05, rel=1e-4)
    assert 20 * np.log10(rms(after(speech, "gain", -20)) / rms(speech)) == pytest.approx(-20, abs=1e-4)


def test_the_band_is_that_of_the_filter_run_both_ways(speech):
    sections = butter(4, [300, 3400], "bandpass", fs=RATE, output="sos")
    expected = sosfiltfilt(sections, speech, padtype=None)
    np.testing.assert_allclose(telephone_line.band_passed(speech), expected, atol=2e-5)


def g711(sample):
    """One of 14 bits through mu-law, by the recommendation's segments."""
    size = min(abs(sample), 8158) + 33
    segment = size.bit_length() - 6
    step = 2 << segment
    return np.sign(sample) * (size // step * step + step // 2 - 33)


def test_mu_law_is_g711():
    samples = np.arange(-8158, 8159, 7)
    found = telephone_line._mu_law((samples / 8192).astype(np.float32)) * 8192
    np.testing.assert_array_equal(found, [g711(int(sample)) for sample in samples])


def test_nothing_is_left_above_half_of_the_rate(speech):
    spectrum = np.abs(np.fft.rfft(after(speech, "bandwidth", 8000)))
    original = np.abs(np.fft.rfft(speech))
    hertz = np.fft.rfftfreq(len(speech), 1 / RATE)
    assert spectrum[hertz > 4200].max() < 1e-3 * original.max()
    np.testing.assert_allclose(spectrum[hertz < 3400], original[hertz < 3400], atol=1e-2 * original.max())


@pytest.mark.parametrize("kbits", [16, 64])
def test_mp3_has_its_rate_and_is_not_shifted(speech, kbits, monkeypatch):
    written, write = [], soundfile.write

    def kept(file, *rest, **more):
        write(file, *rest, **more)
        written.append(file.getvalue())

    monkeypatch.setattr(soundfile, "write", kept)
    lossy = after(speech, "mp3", kbits)
    with av.open(io.BytesIO(written[0])) as file:
        assert file.streams.audio[0].bit_rate == 1000 * kbits
    lag = np.correlate(lossy, speech, "full").argmax() - (len(speech) - 1)
    assert lag == 0
    assert len(lossy) == len(speech)
    assert 0.5 < np.corrcoef(lossy, speech)[0, 1] < 0.99999


def test_a_room_rings_as_long_as_was_asked_and_keeps_level_and_time(speech):
    from pyroomacoustics.experimental import measure_rt60

    responses = [_response(0.3, place) for place in range(8)]
    assert np.median([measure_rt60(one, RATE) for one in responses]) == pytest.approx(0.3, rel=0.3)
    assert {int(np.abs(one).argmax()) for one in responses} == {0}
    heard = after(speech, "room", 0.3, seed=4)
    assert rms(heard) == pytest.approx(rms(speech), rel=1e-3)
    expected = [fftconvolve(speech, one)[: len(speech)] for one in responses]
    assert sum(np.allclose(heard, one * rms(speech) / rms(one), atol=1e-6) for one in expected) == 1
    np.testing.assert_array_equal(heard, after(speech, "room", 0.3, seed=4))


def test_a_denoiser_takes_noise_away(speech):
    noise = 0.02 * np.random.default_rng(1).standard_normal(len(speech)).astype(np.float32)
    cleaned = after(speech + noise, "denoised")
    assert rms(cleaned[: RATE // 4]) < rms(noise[: RATE // 4]) / 4
    assert len(cleaned) == len(speech)


@pytest.mark.parametrize("clip", [np.zeros(800, np.float32), np.full(800, 0.1, np.float32), np.ones(801, np.float32)])
@pytest.mark.parametrize("kind", CHANGES)
def test_whatever_is_given_something_finite_comes_back(clip, kind):
    level = (CHANGES[kind].usual or (0.0,))[0]
    found = after(clip, kind, level)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert 0 < len(found) <= len(clip)
