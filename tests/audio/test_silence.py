import numpy as np
import pytest
import soundfile

from mser.audio.silence import silent
from mser.audio.wav import BadAudioError

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
