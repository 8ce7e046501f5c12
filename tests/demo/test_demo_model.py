"""A model for whoever has no data: made by one command, it says what it is, and everything can be tried with it."""

import csv

import pytest
import soundfile

import mser
from mser.cli import main
from mser.demo import trained
from mser.use.prediction import MADE_UP


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder that the command makes, of fewer and shorter dialogues and one epoch."""
    out = tmp_path_factory.mktemp("demo") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trained.make_model, "__kwdefaults__", {"turns": 3, "epochs": 1})
        assert main(["demo-model", str(out)]) == 0
    return out


@pytest.mark.slow
def test_the_model_says_that_it_is_made_up(made, capsys):
    assert "It has only heard made-up recordings" in (made / "README.md").read_text()
    assert "- made-up" in (made / "README.md").read_text()
    model = mser.load(made)
    assert model.settings.made_up
    assert model.settings.takes_either, "neither a transcript nor a recording is needed to try it"
    assert MADE_UP in model.predict(made / "examples/clips/anna-01.wav").note
    assert main(["predict", str(made), str(made / "examples/clips/anna-01.wav"), "--text", "It is."]) == 0
    assert "its answers mean nothing" in capsys.readouterr().err
    assert [path.name for path in made.parent.iterdir()] == ["model"]


@pytest.mark.slow
def test_its_examples_can_be_predicted(made, tmp_path):
    examples = made / "examples"
    out = tmp_path / "rows.csv"
    table = ["--table", str(examples / "recordings.csv"), "--columns", "audio=file", "--out", str(out)]
    assert main(["predict", str(made), *table]) == 0
    rows = list(csv.DictReader(out.open()))
    assert [row["audio"] for row in rows] == [f"clips/{path.name}" for path in sorted((examples / "clips").iterdir())]
    assert {row["audio"][6:-7] for row in rows} == {"anna", "ben"}
    assert {row["error"] for row in rows} == {""}
    turns = tmp_path / "turns.csv"
    assert main(["predict", str(made), "--turns", str(examples / "call.rttm"), "--out", str(turns)]) == 0
    rows = list(csv.DictReader(turns.open()))
    assert {row["speaker"] for row in rows} == {"anna", "ben"}
    assert {row["error"] for row in rows} == {""}
    stereo, rate = soundfile.read(examples / "call.wav")
    assert stereo.shape[1] == 2
    for row in rows:  # each turn is where the annotation says, on the channel of its speaker
        heard = stereo[round(float(row["start"]) * rate) : round(float(row["end"]) * rate)].std(0)
        own = ("anna", "ben").index(row["speaker"])
        assert heard[own] > 0.003
        assert heard[1 - own] == 0


def test_a_folder_that_holds_something_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["demo-model", str(tmp_path)]) == 2
    assert "exists, expected a new folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
