"""What a recording is like: against definitions by hand, SciPy's spectra, and through a cache that gets damaged."""

import doctest
import hashlib
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from scipy.signal import welch

import mser.audio.acoustics
from mser.audio.acoustics import QUIETEST, measure_file, measured
from mser.audio.measure_cache import measure_all
from mser.audio.wav import BadAudioError
from mser.manifest import Utterance

RATE = 16_000


def voice(seconds=2.0, rate=RATE, seed=0):
    """Return noise that is as loud as speech is, in syllables, and falls with the frequency."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(seed).normal(0, 0.1, len(time))
    return (noise * (1.05 + np.sin(2 * np.pi * 3 * time))).astype(np.float32)


def test_the_examples_run():
    assert doctest.testmod(mser.audio.acoustics).failed == 0


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_silence_is_what_lies_30_db_under_the_loudest_frame(rate):
    samples = np.concatenate([np.zeros(rate // 2), voice(rate=rate), np.full(rate, 1e-4)]).astype(np.float32)
    found = measured(samples, rate)
    assert found.duration == pytest.approx(3.5)
    assert found.silence_start == pytest.approx(0.5, abs=0.03)
    assert found.silence_end == pytest.approx(1.0, abs=0.03)
    assert 1.5 / 3.5 < found.silence_share < 1.5 / 3.5 + 0.1  # and the dips between syllables
    louder = measured(samples * 2, rate)
    assert (louder.silence_start, louder.silence_end) == (found.silence_start, found.silence_end)
    assert louder.level == pytest.approx(found.level + 6.02, abs=0.01)
    assert louder.peak == pytest.approx(found.peak + 6.02, abs=0.01)


def test_level_crossings_and_an_offset():
    samples = voice()
    found = measured(samples + 0.3, RATE)
    assert found.level == pytest.approx(20 * np.log10(np.std(samples)), abs=1e-3)
    assert found.peak == pytest.approx(20 * np.log10(np.abs(samples + 0.3).max()), abs=1e-3)
    signs = np.sign(samples - samples.mean())
    assert found.zero_crossings == pytest.approx((signs[1:] != signs[:-1]).sum() / 2.0)


def test_the_floor_is_the_level_of_the_quiet_parts():
    noise = 10 ** (-70 / 20) * np.random.default_rng(1).standard_normal(3 * RATE)
    noise[RATE : 2 * RATE] += voice(1.0) - voice(1.0).mean()
    assert measured(noise.astype(np.float32), RATE).floor == pytest.approx(-70, abs=0.7)


@pytest.mark.parametrize("decay", [0.2, 0.6])
def test_an_echo_lets_the_level_fall_as_slowly_as_it_decays(decay):
    """Bursts of noise that fall by 60 dB in the echo's time fall by 60 x 0.05 / decay in 50 ms."""
    time = np.arange(RATE) / RATE
    burst = np.random.default_rng(2).standard_normal(RATE) * 10 ** (-3 * time / decay)
    found = measured(np.tile(0.1 * burst, 4).astype(np.float32), RATE)
    assert found.fall == pytest.approx(60 * 0.05 / decay, rel=0.35)


@pytest.mark.parametrize(("was", "rate"), [(8000, 16_000), (16_000, 48_000), (16_000, 16_000)])
def test_the_bandwidth_is_that_of_the_recording_however_often_it_was_resampled(was, rate):
    samples = soxr.resample(voice(rate=was), was, rate) if was != rate else voice(rate=was)
    found = measured(samples.astype(np.float32), rate).bandwidth
    assert found == pytest.approx(was / 2, rel=0.06)
    frequencies, power = welch(samples, rate, nperseg=1024)
    assert found == pytest.approx(frequencies[power > power.max() * 1e-6][-1], rel=0.06)


@pytest.mark.parametrize("length", [1, 7, 300, 1024, 5000])
def test_digital_silence_of_any_length(length):
    found = measured(np.zeros(length, dtype=np.float32), RATE)
    assert (found.level, found.peak, found.silence_share, found.bandwidth) == (QUIETEST, QUIETEST, 1.0, 0.0)
    assert found.silence_start == pytest.approx(length / RATE, abs=1e-6)
    assert np.isfinite(measured(voice()[:length] + 0.01, RATE).level)


def test_a_span_of_a_file_in_any_format(tmp_path):
    samples = np.column_stack([voice(), voice(seed=1)])
    soundfile.write(tmp_path / "a.flac", samples, RATE)
    found = measure_file(tmp_path / "a.flac", 0.5, 1.25)
    assert found.duration == 0.75
    by_hand = measured(samples[8000:20_000].mean(1), RATE)
    assert found.level == pytest.approx(by_hand.level, abs=0.01)
    for path, words in ((tmp_path / "none.wav", "has no audio file"), (tmp_path / "a.flac", "no samples")):
        with pytest.raises(BadAudioError, match=words):
            measure_file(path, 9.0)


def utterance(name, audio, start=0.0, end=None):
    return Utterance(name, audio, 1.0, "", "s", "g", start=start, end=end)


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    monkeypatch.setenv("MSER_CACHE", str(tmp_path / "cache"))
    for seed in range(2):
        soundfile.write(tmp_path / f"{seed}.wav", voice(seed=seed), RATE)
    return tmp_path, [
        utterance("a", "0.wav"), utterance("b", "1.wav", 0.0, 1.0), utterance("c", "1.wav", 1.0, 2.0),
    ]  # fmt: skip


def forbid(monkeypatch):
    def refused(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr("mser.audio.measure_cache.measure_file", refused)


def test_nothing_is_measured_twice_wherever_it_lies(corpus, monkeypatch):
    root, spoken = corpus
    found = measure_all(spoken, root)
    assert found["b"] != found["c"]
    assert found["a"] == measure_file(root / "0.wav")
    (root / "moved").mkdir()
    for seed in range(2):
        shutil.move(root / f"{seed}.wav", root / f"moved/{seed}.wav")
    forbid(monkeypatch)
    assert measure_all(spoken, root / "moved") == found


def checked(content):
    """What the cache believes: content behind its own checksum."""
    return hashlib.sha256(content).digest() + content


@pytest.mark.parametrize("damage", [
    lambda kept: b"", lambda kept: kept[: len(kept) // 2], lambda kept: kept[:-1] + b"]", lambda kept: checked(b"[]"),
    lambda kept: checked(b'{"0 ": [1.0]}'), lambda kept: checked(kept[32:].replace(b"]", b', "x"]')),
])  # fmt: skip
def test_a_damaged_cache_is_measured_anew(corpus, damage):
    root, spoken = corpus
    found = measure_all(spoken, root)
    kept = list((root / "cache").rglob("*.json"))
    assert len(kept) == 2
    for path in kept:
        path.write_bytes(damage(path.read_bytes()))
    assert measure_all(spoken, root) == found
    assert measure_all(spoken, root) == found


def test_a_file_that_changed_is_another_one(corpus):
    root, spoken = corpus
    before = measure_all(spoken, root)
    soundfile.write(root / "0.wav", voice() / 2, RATE)
    assert measure_all(spoken, root)["a"].level == pytest.approx(before["a"].level - 6.02, abs=0.02)


def test_what_cannot_be_read_is_left_out_and_a_cache_without_room_costs_nothing_else(corpus, monkeypatch, caplog):
    root, spoken = corpus
    monkeypatch.setenv("MSER_CACHE", str(root / "0.wav"))  # a file, in which no folder can be made
    (root / "bad.wav").write_bytes(b"RIFF")
    with caplog.at_level(logging.WARNING):
        found = measure_all([*spoken, utterance("d", "bad.wav"), utterance("e", "none.wav")], root)
    assert set(found) == {"a", "b", "c"}
    assert caplog.text.count("nothing can be kept") == 1
    assert Path(root / "0.wav").is_file()
