from contextlib import suppress

import numpy as np
import pytest
import soundfile

from mser.audio.checks import check_recording
from mser.audio.silence import check_audible, silent
from mser.audio.wav import BadAudioError
from mser.errors import UserError
from mser.use.clips import Clip, hear

RATE = 16000


def test_a_span_is_silent_if_nothing_is_heard_anywhere_in_it(tmp_path):
    samples = np.full((3 * RATE, 2), 0.1)  # an offset is not to be heard
    samples[RATE + 40 : RATE + 60, 1] += 0.01  # a click near the beginning of the second second
    samples[2 * RATE :] += np.random.default_rng(0).normal(0, 0.01, (RATE, 2))
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    spans = [(0, 1), (1, 2), (2, 3), (0, 3), (0, 0.05), (2.99, 3)]
    assert silent(tmp_path / "a.wav", spans) == [True, False, False, False, True, False]


def test_a_file_that_soundfile_cannot_decode(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF    WAVEfmt ")
    with pytest.raises(BadAudioError, match="cannot be decoded: "):
        silent(tmp_path / "a.wav", [(0, 1)])


def _use(path):
    hear(Clip(path), None, 60)


def _refuses(listen, path):
    with suppress(BadAudioError, UserError):
        listen(path)
        return False
    return True


@pytest.mark.parametrize("steps", [0, 4, 9, 10, 20])
def test_every_reader_and_the_model_in_use_have_one_threshold_of_silence(tmp_path, steps):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile(np.array([0, steps], np.int16), RATE // 2), RATE)
    silences = [_refuses(listen, path) for listen in (check_audible, check_recording, _use)]
    with_samples = Clip(soundfile.read(path)[0], sample_rate=RATE)
    assert silences == [steps < 10] * 3
    if steps < 10:
        with pytest.raises(UserError, match="silent"):
            hear(with_samples, None, 60)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "PCM_U8"])
@pytest.mark.parametrize("level", [0.0, 0.25])
def test_silence_in_any_coding_is_silence(tmp_path, subtype, level):
    soundfile.write(tmp_path / "a.wav", np.full((RATE, 2), level), RATE, subtype=subtype)
    with pytest.raises(BadAudioError, match="is silent"):
        check_audible(tmp_path / "a.wav")


@pytest.mark.parametrize("length", [0, 40, 430, 3000])
def test_a_length_of_the_whole_file_that_is_too_small_is_no_silence(tmp_path, length):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.sin(np.arange(8000) / 5) * np.r_[np.zeros(4000), np.ones(4000)], 16000, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = length.to_bytes(4, "little")
    path.write_bytes(data)
    if not length:
        assert check_audible(path).frames == 8000
        return
    with pytest.raises(BadAudioError, match="cannot be decoded"):  # as decoders end it there too
        check_audible(path)
