"""Long recordings cut into segments: by windows, and where somebody speaks."""

import csv
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from fake.trained import untrained
from hypothesis import given
from hypothesis import strategies as st

import mser
from mser.cli import main
from mser.demo.speech import Manner, Voice, synthesizer
from mser.errors import UserError
from mser.predict.unheard import Unheard
from mser.use import segments, voice
from mser.use.clips import Clip
from mser.use.prediction import Prediction
from mser.use.segments import Windows

RATE = 16000
SEVEN = [(0.0, 2.0), (1.5, 3.5), (3.0, 5.0), (4.5, 6.5), (5.0, 7.0)]


def noise(seconds, rate=RATE):
    return 0.1 * np.random.default_rng(0).standard_normal(round(seconds * rate))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Holds models and a recording of seven seconds that says something from 2 to 4 s, and one of nothing."""
    folder = tmp_path_factory.mktemp("long")
    untrained(folder / "hears", sides=("speech",))
    untrained(folder / "both")
    soundfile.write(folder / "long.wav", noise(7), RATE, subtype="FLOAT")
    soundfile.write(folder / "short.wav", noise(1), RATE)
    return folder


@given(st.floats(0, 100), st.floats(0.1, 100), st.floats(0.2, 30), st.floats(0.1, 1))
def test_windows_cover_all_and_nothing_else(start, length, window, share):
    spans = [span[:2] for span in Windows(window, window * share).over(start, start + length)]
    assert spans[0][0] == pytest.approx(start, abs=1e-3)
    assert spans[-1][1] == start + length
    for (begin, end), (after, _) in pairwise(spans):
        assert begin <= after <= end + 1e-3
    assert all(end - begin == pytest.approx(min(window, length), abs=2e-3) for begin, end in spans)
    if length <= window:
        assert len(spans) == 1


def test_windows_of_a_file_and_of_samples(place):
    model = mser.load(place / "hears")
    rows = model.predict(str(place / "long.wav"), window=2, hop=1.5)
    assert [(row.start, row.end) for row in rows] == SEVEN
    assert {row.seconds for row in rows} == {2.0}
    samples = noise(7).astype(np.float32)
    array = model.predict(samples, sample_rate=RATE, window=2, hop=1.5)
    for row, other, (start, end) in zip(rows, array, SEVEN, strict=True):
        assert other.probabilities == pytest.approx(row.probabilities, abs=1e-5)
        alone = model.predict(samples[round(start * RATE) : round(end * RATE)], sample_rate=RATE)
        assert alone.probabilities == pytest.approx(row.probabilities, abs=1e-5)
    assert [row.end for row in model.predict(str(place / "short.wav"), window=2)] == [1.0]
    assert len(model.predict([str(place / "long.wav"), str(place / "short.wav")], window=2, hop=1.5)) == 6


def test_only_the_segment_is_read(place, monkeypatch):
    read = []

    class Watched(soundfile.SoundFile):
        def read(self, frames=-1, *args, **options):
            samples = super().read(frames, *args, **options)
            read.append(len(samples))
            return samples

    monkeypatch.setattr(soundfile, "SoundFile", Watched)
    said = list(mser.load(place / "hears").stream([Clip(str(place / "long.wav"), start=3.0, end=3.5)]))
    assert not said[0].error
    assert set(read) == {8000}
    read.clear()
    [refused] = mser.load(place / "hears").stream([Clip(str(place / "long.wav"))], batch_seconds=5)
    assert "lasts 7.0 s but a batch may hold 5 s; cut it into segments (--window 10; window=10)" in refused.error
    assert read == []


def test_what_cannot_be_cut(place):
    model = mser.load(place / "both")
    with pytest.raises(UserError, match="nobody knows which segment its words are in"):
        model.predict(str(place / "long.wav"), "hello", window=2)
    with pytest.raises(UserError, match=r"gone.wav is not there"):
        model.predict("gone.wav", window=2)
    rows = model.predict(["gone.wav", str(place / "long.wav")], window=4, hop=4)
    assert [(row.start, row.end) for row in rows] == [(0, None), (0, 4), (3, 7)]
    assert "is not there" in rows[0].error
    assert all("never trained without it" in row.error for row in rows[1:])
    with pytest.raises(UserError, match="unknown kind of segments 'words': expected one of window, vad"):
        model.predict("a.wav", segments="words")
    with pytest.raises(UserError, match="a window of 0 s"):
        model.predict("a.wav", window=0)


def test_windows_from_the_command_line_in_several_goes(place, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(place)
    out, table = tmp_path / "out.csv", tmp_path / "parts.csv"
    command = ["predict", "hears", "long.wav", "short.wav", "--window", "2", "--hop", "1.5", "--out", str(out)]
    assert main(command) == 0
    whole = out.read_text()
    rows = list(csv.DictReader(whole.splitlines()))
    assert [(float(row["start"]), float(row["end"])) for row in rows] == [*SEVEN, (0.0, 1.0)]
    for kept in (1, 3, 6, 7):  # lines, of which the first is the header
        out.write_text("".join(whole.splitlines(keepends=True)[:kept]))
        assert main(command) == 0
        assert out.read_text() == whole
        assert f"{7 - kept} rows written" in capsys.readouterr().out
    table.write_text(f"audio,start,end\n{place}/long.wav,0,4\n{place}/long.wav,4,\n{place}/long.wav,4,\n")
    parts = ["predict", "hears", "--table", str(table), "--window", "2", "--hop", "2", "--out", str(tmp_path / "p.csv")]
    assert main(parts) == 0
    before = (tmp_path / "p.csv").read_text()
    assert [row["start"] for row in csv.DictReader(before.splitlines())] == ["0.0", "2.0", *["4.0", "5.0"] * 2]
    (tmp_path / "p.csv").write_text("".join(before.splitlines(keepends=True)[:4]))
    assert main(parts) == 0
    assert (tmp_path / "p.csv").read_text() == before
    capsys.readouterr()
    assert main(command[:-2]) == 0
    assert capsys.readouterr().out.startswith("long.wav 0.0-2.0 s: ")


def test_where_somebody_speaks(place, capsys, monkeypatch):
    with synthesizer() as say:
        words = say("Hello there, how are you doing today?", Voice("en-us", 1), Manner())
    samples = np.concatenate([np.zeros(2 * RATE), words, np.zeros(3 * RATE), words, np.zeros(RATE)])
    soundfile.write(place / "talk.wav", samples.repeat(2), 2 * RATE)
    rows = mser.load(place / "hears").predict(str(place / "talk.wav"), segments="vad")
    spoken = len(words) / RATE
    expected = [2, 2 + spoken, 5 + spoken, 5 + 2 * spoken]
    assert [time for row in rows for time in (row.start, row.end)] == pytest.approx(expected, abs=0.4)
    again = mser.load(place / "hears").predict(samples, sample_rate=RATE, segments="vad")
    assert [row.start for row in again] == pytest.approx([row.start for row in rows], abs=0.1)
    monkeypatch.chdir(place)
    assert main(["predict", "hears", "talk.wav", "short.wav", "--vad", "--window", "1"]) == 0
    told = capsys.readouterr()
    assert "short.wav 0.0-1.0 s: " in told.out
    assert "(no speech was found: answered whole)" in told.out
    assert "Warning" not in told.err
    assert len(told.out.splitlines()) > 3


def test_voice_is_found_block_by_block(place, monkeypatch):
    """A detector of loudness stands in for the real one, so that each step of 32 ms can be counted."""

    class Loud:
        heard = 0

        def reset_states(self):
            self.heard = 0

        def __call__(self, step, _):
            self.heard += 1
            return step.abs().max() > 0.5

    detector = Loud()
    monkeypatch.setattr(voice, "_detector", lambda: detector)
    monkeypatch.setattr(voice, "_BLOCK", 0.64)
    samples = 0.01 * noise(7)
    samples[2 * RATE : 4 * RATE] = 0.9
    soundfile.write(place / "loud.wav", samples, RATE)
    assert voice.spoken(Clip(str(place / "loud.wav")), 15.0) == (
        [(pytest.approx(1.9, abs=0.05), pytest.approx(4.1, abs=0.05))],
        True,
    )
    assert detector.heard == -(-7 * RATE // 512)
    [(start, end)] = voice.spoken(Clip(str(place / "loud.wav"), start=3.0), 15.0).spans
    assert (start, end) == (0, pytest.approx(1.1, abs=0.05))


def test_a_whisper_of_nothing_is_refused_and_long_noise_is_cut(place):
    quiet = 0.01 * noise(2)
    with pytest.raises(UserError, match=r"holds no speech in 2\.0 s; try windows instead"):
        segments.Voice(15.0).spans(Clip(quiet, sample_rate=RATE))
    loud = segments.Voice(2.0).spans(Clip(0.1 * noise(5), sample_rate=RATE))
    assert [span[:2] for span in loud] == [(0, 2), (2, 4), (3, 5)]
    assert {span.note for span in loud} == {"no speech was found: answered whole"}


def test_what_speech_is_cut_from_comes_back_and_what_is_unheard_is_counted(monkeypatch):
    monkeypatch.setattr(
        voice, "spoken", lambda clip, longest: voice.Spoken([(0.5, 1.5)] if clip.name == "a" else [], True)
    )
    clips = [Clip(0.1 * noise(2), sample_rate=RATE, name=name, kept={"label": "ang"}) for name in ("a", "b")]
    found, whole = segments.cut(clips, segments.Voice(), reads=False)
    assert (found.start, found.end, found.match) == (0.5, 1.5, ("silence",))
    assert (whole.start, whole.end, whole.match) == (0.0, 2.0, ())
    unheard = Unheard()
    for name, note, label in (
        ("a", "", "ang"),
        ("b", whole.note, "ang"),
        ("b", whole.note, "ang"),
        ("c", whole.note, ""),
    ):
        unheard.see(Prediction(name, note=note), {"label": label} if label else {})
    assert unheard.line() == "no speech was found in 2 recordings (ang 1), answered whole all the same"
    assert Unheard().line() == ""


SHOUTS = Path(__file__).parents[3] / "shared/corpora/ravdess-iemocap-layout"


@pytest.mark.skipif(not SHOUTS.is_dir(), reason="the reference recordings are absent")
def test_a_shout_is_speech():
    """A woman's, in which the detector is sure of a voice for 0.13 s of 3.6."""
    [path] = SHOUTS.rglob("Ses03M_impro01_F005.wav")
    [(start, end)] = voice.spoken(Clip(str(path)), 15.0).spans
    assert (start, end) == (pytest.approx(0.9, abs=0.1), pytest.approx(2.7, abs=0.1))


def test_the_package_takes_no_threads_from_others(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("silero_vad")]:
        monkeypatch.delitem(sys.modules, name)
    voice._silero.cache_clear()
    before = torch.get_num_threads()
    torch.set_num_threads(2)  # the tests themselves run on one
    try:
        voice._silero()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_package_is_named_where_it_is_missing(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "silero_vad", None)
    voice._silero.cache_clear()
    with pytest.raises(UserError, match=r"needs silero-vad: pip install 'multimodal-ser\[vad\]'"):
        mser.load(place / "hears").predict(str(place / "short.wav"), segments="vad")


def test_the_command_line_is_light():
    code = "import sys, mser.predict.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
