"""A span of a file is the same samples as in a full read, whatever the codec; lengths are what can be read."""

import numpy as np
import pytest
import soundfile

from mser.audio.checks import check_recording, recording_length
from mser.audio.decoding import decode
from mser.audio.mp3 import counted_frames
from mser.audio.wav import BadAudioError, read_header

RATE = 16000


def speech(seconds):
    """Noise that comes and goes like syllables, so that each part of it differs from the next."""
    chance = np.random.default_rng(0)
    times = np.arange(round(seconds * RATE)) / RATE
    return (chance.normal(0, 0.2, len(times)) * np.sin(2 * np.pi * 2.3 * times) ** 2).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "kind", "apart"),
    [
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}, 0),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}, 2e-3),  # beyond the lead; 0 from the file's start
        ("a.mp3", {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": 0.5}, 1e-6),
        ("a.flac", {"format": "FLAC"}, 0),
        ("a.wav", {"format": "WAV", "subtype": "PCM_24"}, 0),
    ],
)
def test_a_span_is_part_of_the_whole(name, kind, apart, tmp_path):
    path = tmp_path / name
    soundfile.write(path, speech(18), RATE, **kind)
    whole = decode(path)
    ends = [len(whole) / RATE - step for step in (0.3, 0.5, 0.77, 1.1, 1.9)]
    for start in (0.0, 0.13, 3.71, 9.99, 10.3, 14.2, *ends):
        first = round(start * RATE)
        span = decode(path, start, start + 0.3)
        part = whole[first : first + len(span)]
        assert len(span) >= 0.29 * RATE
        np.testing.assert_allclose(span, part, atol=apart if start > 10 else min(apart, 1e-6), rtol=0)


def without_its_length(path, *parts):
    """An MP3 file whose first frame, which tells its length, is cut off."""
    kind = {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": 0.1}
    soundfile.write(path, np.concatenate(parts), RATE, **kind)
    data = path.read_bytes()
    following = data.index(data[:2], 4)
    while not _counted(path, data[following:]):
        following = data.index(data[:2], following + 1)
    return path


def _counted(path, data):
    path.write_bytes(data)
    with path.open("rb") as file:
        return counted_frames(file)


def test_an_mp3_that_promises_more_than_it_holds_is_read(tmp_path):
    path = without_its_length(tmp_path / "a.mp3", np.zeros(RATE, np.float32), speech(3))
    assert soundfile.info(path).duration > 6
    assert recording_length(path) == pytest.approx(4.1, abs=0.15)
    assert check_recording(path) == pytest.approx(4.1, abs=0.15)
    assert len(decode(path)) == pytest.approx(4.1 * RATE, rel=0.05)


def test_an_mp3_whose_end_cannot_be_reached_is_refused(tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.4, RATE).astype(np.float32)
    path = without_its_length(tmp_path / "a.mp3", noise, np.zeros(4 * RATE, np.float32))
    assert soundfile.info(path).duration < 4
    with pytest.raises(BadAudioError, match="does not say how long it is"):
        check_recording(path)


def test_channels_that_cancel_each_other_are_named(tmp_path):
    samples = speech(1)
    soundfile.write(tmp_path / "a.wav", np.stack([samples, -samples], 1), RATE)
    with pytest.raises(BadAudioError, match="its 2 channels are mixed: they cancel each other"):
        check_recording(tmp_path / "a.wav")


@pytest.mark.parametrize("promised", [0xFFFFFFFF, 0x7FFFFFFF - 36])
def test_a_wav_written_to_a_pipe_lasts_to_its_end(promised, tmp_path):
    soundfile.write(tmp_path / "a.wav", speech(1), RATE)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = promised.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(data)
    assert read_header(tmp_path / "a.wav").frames == RATE
    assert check_recording(tmp_path / "a.wav") == 1
    assert len(decode(tmp_path / "a.wav")) == RATE
    data[place : place + 4] = bytes(4)
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(BadAudioError, match="holds no samples by its header, though 32000 bytes follow it"):
        read_header(tmp_path / "a.wav")
