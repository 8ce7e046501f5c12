"""Audio of every kind becomes 16 kHz mono, and what cannot is named."""

import numpy as np
import pytest
import soundfile

from mser.data.audio import SAMPLE_RATE, SHORTEST, load
from mser.errors import UserError


def tone(seconds, rate, hertz=440.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(("rate", "subtype", "suffix"), [
    (16000, "PCM_16", "wav"), (48000, "PCM_24", "wav"), (8000, "PCM_U8", "wav"), (44100, "FLOAT", "wav"),
    (22050, "PCM_16", "flac"),
])  # fmt: skip
def test_every_kind_is_the_same_tone(rate, subtype, suffix, tmp_path):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, tone(1.0, rate), rate, subtype=subtype)
    samples = load(path)
    assert len(samples) == pytest.approx(SAMPLE_RATE, abs=1)
    spectrum = np.abs(np.fft.rfft(samples.numpy()))
    assert np.argmax(spectrum) * SAMPLE_RATE / len(samples) == pytest.approx(440, abs=2)
    assert float(samples.abs().max()) == pytest.approx(0.5, abs=0.03)


def test_channels_are_mixed_and_only_the_span_is_read(tmp_path):
    path = tmp_path / "a.wav"
    steps = np.arange(32000) / 32000
    soundfile.write(path, np.stack([steps, np.zeros(32000)], axis=1), 16000, subtype="FLOAT")
    samples = load(path, start=0.5, end=1.0)
    np.testing.assert_allclose(samples.numpy(), steps[8000:16000] / 2, atol=1e-6)
    assert len(load(path, start=1.9, end=9.0)) == 1600


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_16_bits_are_what_libsndfile_makes_of_them(channels, tmp_path):
    extremes = np.array([-(2**15), -1, 0, 1, 2**15 - 1], dtype=np.int16)
    samples = np.random.default_rng(0).choice(extremes, (4000, channels))
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="PCM_16")
    floats = soundfile.read(tmp_path / "a.wav", dtype="float32", always_2d=True)[0]
    np.testing.assert_allclose(load(tmp_path / "a.wav").numpy(), floats.mean(1), atol=0 if channels < 3 else 1e-7)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_span_of_a_wav_is_that_part_of_it(subtype, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).uniform(-1, 1, 16000), 16000, subtype=subtype)
    whole = soundfile.read(tmp_path / "a.wav", dtype="float32")[0]
    for start, end, part in (
        (0.0, None, whole), (0.5, None, whole[8000:]), (0.25, 0.5, whole[4000:8000]), (0.9, 7.0, whole[14400:]),
    ):  # fmt: skip
        np.testing.assert_array_equal(load(tmp_path / "a.wav", start, end).numpy(), part)
    for start, end in ((1.0, None), (2.0, 3.0), (0.5, 0.5)):
        with pytest.raises(UserError, match="holds no audio from"):
            load(tmp_path / "a.wav", start, end)


@pytest.mark.parametrize(("promised", "held"), [(0xFFFFFFFF, 32_000), (32_000, 31_999), (31_999, 32_000)])
def test_a_wav_whose_header_promises_other_than_it_holds(promised, held, tmp_path):
    """As where a recording broke off, or was written to a pipe; libsndfile takes what is there."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 16000), 16000, subtype="PCM_16")
    written = bytearray(path.read_bytes())
    written[40:44] = promised.to_bytes(4, "little")
    path.write_bytes(written[: 44 + held])
    np.testing.assert_array_equal(load(path).numpy(), soundfile.read(path, dtype="float32")[0])


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_resampling_keeps_a_tone_and_takes_what_would_fold_back(rate, tmp_path):
    beyond = tone(1.0, rate, hertz=9500) if rate > SAMPLE_RATE else 0  # at 16 kHz there is nothing above 8 kHz
    soundfile.write(tmp_path / "a.wav", tone(1.0, rate) + beyond, rate, subtype="FLOAT")
    inside = slice(800, -800)
    np.testing.assert_allclose(load(tmp_path / "a.wav").numpy()[inside], tone(1.0, SAMPLE_RATE)[inside], atol=1e-3)


def test_short_clips_are_filled_up(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(0.02, 16000), 16000)
    samples = load(path)
    assert len(samples) == SHORTEST
    assert samples[320:].abs().max() == 0


def test_what_cannot_be_read(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16000)
    soundfile.write(tmp_path / "nan.wav", np.full(4000, np.nan), 16000, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("this is text")
    for name, words in {
        "empty.wav": "holds no audio", "nan.wav": "holds NaN", "text.wav": "cannot read", "no.wav": "cannot read",
    }.items():  # fmt: skip
        with pytest.raises(UserError, match=words):
            load(tmp_path / name)
