"""`mser predict --picture`: what is heard over time, by speaker, in memory that does not grow."""

import csv

import numpy as np
import pytest
import soundfile
from fake.trained import untrained

from mser.cli import main
from mser.predict.timeline import BINS, Lane, Timeline
from mser.use.prediction import Prediction


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Holds a model of speech, one of scores, and a call of two channels."""
    folder = tmp_path_factory.mktemp("picture")
    untrained(folder / "model", sides=("speech",), trained={"made_up": True})
    task = {"kind": "scores", "name": "vad", "labels": ["valence", "arousal"], "low": -3.0, "high": 3.0}
    untrained(folder / "scores", sides=("speech",), task=task)
    soundfile.write(folder / "call.wav", 0.1 * np.random.default_rng(0).standard_normal((6 * 16000, 2)), 16000)
    return folder


def test_each_speaker_has_a_panel_and_each_label_a_strip(place, tmp_path, capsys):
    picture, out = tmp_path / "call.svg", tmp_path / "call.csv"
    ask = ["predict", str(place / "model"), str(place / "call.wav"), "--channels", "split", "--window", "2"]
    assert main([*ask, "--picture", str(picture), "--out", str(out)]) == 0
    assert f"{picture}: what is heard over time" in capsys.readouterr().out
    drawn = picture.read_text()
    assert "trained on made-up recordings" in drawn
    rows = list(csv.DictReader(out.open()))
    for speaker in ("channel 1", "channel 2"):
        mean = np.mean([float(row["p_neu"]) for row in rows if row["speaker"] == speaker][::2])  # those that part it
        assert f"{speaker}: " in drawn
        assert abs(mean - np.mean([float(row["p_neu"]) for row in rows if row["speaker"] == speaker])) < 0.2
    before = picture.read_bytes()
    picture.unlink()
    assert main([*ask, "--picture", str(picture), "--out", str(out)]) == 0, "all rows are there already"
    assert picture.read_bytes() == before
    picture.unlink()
    assert main([*ask, "--picture", str(picture)]) == 0
    assert picture.read_bytes() == before, "the same without rows, up to their rounding"


def test_scores_are_drawn_too(place, tmp_path):
    picture = tmp_path / "call.png"
    assert (
        main(["predict", str(place / "scores"), str(place / "call.wav"), "--window", "2", "--picture", str(picture)])
        == 0
    )
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--picture", "call.txt"], "call.txt is no picture that can be drawn; give it one of the endings .svg"),
        (["--picture", "call.svg", "--embeddings", "call.npz"], "--picture shows answers, which --embeddings does not"),
        (["--picture", "call.svg", "--channel", "3"], "there is no answer over time to draw, so call.svg was not"),
    ],
)
def test_what_cannot_be_drawn_is_refused(place, tmp_path, monkeypatch, options, line, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["predict", str(place / "model"), str(place / "call.wav"), *options]) == 2
    assert line in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_lane_of_ten_hours_holds_what_one_of_a_minute_does():
    generator = np.random.default_rng(0)
    lane, told = Lane(["a", "b"]), []
    for start in np.arange(0, 36000, 5.0):
        told.append(generator.random(2))
        lane.add(start, start + 10, told[-1])
    assert lane.means().shape[0] <= BINS
    assert lane.end == 36005
    assert not np.isnan(lane.means()).any()
    assert lane.mean() == pytest.approx(np.mean(told, axis=0), abs=1e-9)
    middle = [answer for start, answer in zip(np.arange(0, 36000, 5.0), told, strict=True) if 17900 < start < 18100]
    assert np.abs(lane.at(18000.0) - np.mean(middle, axis=0)).max() < 0.1


def test_clips_without_an_end_and_those_without_an_answer():
    timeline = Timeline(["sad", "happy"], scores=False)
    timeline.see(Prediction("a.wav", seconds=3.0, probabilities={"sad": 0.25, "happy": 0.75}))
    timeline.see(Prediction("b.wav", error="b.wav is silent"))
    timeline.see(Prediction("", transcript="read", probabilities={"sad": 0.5, "happy": 0.5}))
    assert list(timeline.lanes) == [("a.wav", "")]
    assert timeline.lanes["a.wav", ""].at(2.9) == pytest.approx([0.25, 0.75])
