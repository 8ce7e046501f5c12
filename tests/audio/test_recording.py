"""A recording is opened once, whatever is asked of it."""

import builtins
import os
import unicodedata

import numpy as np
import pytest
import soundfile

from mser.audio.checks import check_recording, recording_length
from mser.audio.decoding import decode
from mser.audio.recording import opened
from mser.audio.suffixes import SUFFIXES
from mser.audio.wav import BadAudioError, read_header
from mser.use.clips import Clip, hear

RATE = 16_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 4 * RATE)
KINDS = [("a.wav", "PCM_16"), ("a.wav", "FLOAT"), ("a.wav", "PCM_24"), ("a.flac", None), ("a.mp3", None)]


@pytest.mark.parametrize(("name", "subtype"), KINDS)
def test_an_answer_opens_a_file_once(name, subtype, tmp_path, monkeypatch):
    path = tmp_path / name
    soundfile.write(path, NOISE, RATE, subtype=subtype)
    opens = []
    before = builtins.open

    def counted(file, *more, **named):
        opens.append(file)
        return before(file, *more, **named)

    monkeypatch.setattr(builtins, "open", counted)
    handle = soundfile.SoundFile.__init__
    monkeypatch.setattr(
        soundfile.SoundFile,
        "__init__",
        lambda self, file, *a, **k: (opens.append(file), handle(self, file, *a, **k))[1],
    )
    samples, notes = hear(Clip(str(path)), None, 60.0)
    assert [one for one in opens if not isinstance(one, int)] == [str(path)]
    assert len(opens) == (1 if subtype == "PCM_16" else 2)  # libsndfile is given what is open
    monkeypatch.undo()
    np.testing.assert_array_equal(samples, decode(path))
    assert notes == []


@pytest.mark.parametrize(("name", "subtype"), KINDS)
def test_a_clip_is_the_span_that_decode_reads(name, subtype, tmp_path):
    path = tmp_path / name
    soundfile.write(path, np.stack([NOISE, NOISE / 2], axis=1), 22_050, subtype=subtype)
    with opened(path) as recording:
        assert recording.seconds == recording_length(path)
        assert recording.unusual == ["2 channels mixed to one", "resampled from 22050 Hz"]
    samples, _ = hear(Clip(str(path), start=0.5, end=1.75), None, 60.0)
    np.testing.assert_array_equal(samples, decode(path, 0.5, 1.75))
    assert check_recording(path, 0.5, 1.75) == pytest.approx(1.25, abs=1e-4)


def test_what_is_loud_only_at_its_end_is_not_silent(tmp_path):
    quiet = np.zeros(RATE)
    soundfile.write(tmp_path / "silent.wav", quiet, RATE)
    with pytest.raises(BadAudioError, match="is silent"):
        check_recording(tmp_path / "silent.wav")
    quiet[-1] = 0.1
    soundfile.write(tmp_path / "click.wav", quiet, RATE)
    assert check_recording(tmp_path / "click.wav") == 1.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_sample_that_is_no_number_is_found(bad, tmp_path):
    samples = NOISE.copy()
    samples[7] = bad
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(BadAudioError, match="no numbers"):
        check_recording(tmp_path / "a.wav")


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", tmp_path, tmp_path / "none.wav"):
        with pytest.raises(BadAudioError, match=r"is no file|has no audio file"):
            check_recording(path)


def test_what_counts_as_audio_can_be_decoded():
    formats = {name.lower() for name in soundfile.available_formats()}
    other = {"oga": "ogg", "opus": "ogg", "aif": "aiff", "aifc": "aiff", "snd": "au", "sph": "nist"}
    assert {other.get(suffix[1:], suffix[1:]) for suffix in SUFFIXES} <= formats


@pytest.mark.parametrize(("there", "asked", "form"), [("NFD", "NFC", "NFD"), ("NFC", "NFD", "NFC")])
def test_a_name_in_another_spelling_of_its_accents_is_told(there, asked, form, tmp_path):
    soundfile.write(tmp_path / f"{unicodedata.normalize(there, 'gehört')}.wav", NOISE, RATE)
    for read in (check_recording, read_header):
        with pytest.raises(BadAudioError, match=f"has no audio file; one is there .* in Unicode's {form}: rename it"):
            read(tmp_path / f"{unicodedata.normalize(asked, 'gehört')}.wav")
        with pytest.raises(BadAudioError, match=r"^has no audio file$"):
            read(tmp_path / "another.wav")
